import { decodeFrame } from '../../log/frame.ts'
import { floorKey, recordSeq } from '../../log/log-keys.ts'
import { decodeFloor } from '../../log/floor.ts'
import type { LogRecord, Seq } from '../../log/commit-log.ts'
import { PREFIX } from './commit-log-case.ts'

/** How an append ended, for the one who asked. */
export type Answer = 'ok' | 'CONFLICT' | 'OUTCOME_UNKNOWN' | 'other'

/** What is asked when a read begins, to judge its answer by. */
export interface ReadStart {
  /** The newest record that anybody had been promised by then. */
  readonly promised: Seq
  /** The floor that was there by then. */
  readonly before: Seq
}

const fromUtf8 = new TextDecoder()

/**
 * Everything that happened to one log, as seen from above: the plain model that a schedule is
 * judged by. A number belongs to whoever created its record first, for ever.
 */
export class LogHistory {
  readonly violations: string[] = []
  /** Who created each number first, by the payload. */
  readonly #owners = new Map<Seq, string>()
  readonly #acknowledged = new Map<Seq, string>()
  #promised: Seq = 0
  #before: Seq = 1
  #floors = 0

  /** A write took effect on the medium. */
  written(key: string, bytes: Uint8Array): void {
    const seq = recordSeq(PREFIX, key)
    if (seq !== undefined) this.#recordWritten(seq, bytes)
    else if (key === floorKey(PREFIX, this.#floors + 1)) this.#floorWritten(bytes)
  }

  /** Blobs were deleted: only void records may be. */
  deleted(keys: readonly string[]): void {
    for (const key of keys) {
      const seq = recordSeq(PREFIX, key)
      if (seq === undefined) this.#wrong(`${key} was deleted`)
      else if (seq >= this.#before) this.#wrong(`live record ${seq} was deleted`)
    }
  }

  /** An append was answered. */
  appended(payload: string, seq: Seq, answer: Answer): void {
    const owner = this.#owners.get(seq)
    if (answer === 'ok') {
      if (owner !== payload) this.#wrong(`ok for ${payload} at ${seq}, which is ${owner ?? 'free'}`)
      const other = this.#acknowledged.get(seq)
      if (other !== undefined) this.#wrong(`ok for ${payload} at ${seq} after ${other} had it`)
      for (let n = 1; n < seq; n++) if (!this.#owners.has(n)) this.#wrong(`${seq} is after a hole`)
      this.#acknowledged.set(seq, payload)
      this.#promised = Math.max(this.#promised, seq)
    }
    if (answer === 'CONFLICT' && owner === payload) {
      this.#wrong(`CONFLICT for ${payload}, which holds ${seq}`)
    }
  }

  /** A read begins. */
  begin(): ReadStart {
    return { promised: this.#promised, before: this.#before }
  }

  /** `latest` was answered. */
  latest(reader: string, start: ReadStart, seen: Seq, record: LogRecord | undefined): void {
    const seq = record?.seq ?? 0
    if (seq < start.promised) this.#wrong(`${reader} reads ${seq} after ${start.promised} was ok`)
    if (seq < seen) this.#wrong(`${reader} reads ${seq} after it read ${seen}`)
    if (seq < start.before && start.before > 1) this.#wrong(`${reader} reads ${seq}, which is void`)
    this.read(reader, record)
  }

  /** A record was handed out. */
  read(reader: string, record: LogRecord | undefined): void {
    if (record === undefined) return
    const payload = fromUtf8.decode(record.payload)
    const owner = this.#owners.get(record.seq)
    if (owner !== payload) {
      this.#wrong(`${reader} reads ${payload} at ${record.seq}, which is ${owner ?? 'free'}`)
    }
  }

  /** What a reader must find when everything has come to rest. */
  get newest(): Seq {
    return Math.max(0, ...this.#owners.keys())
  }

  #recordWritten(seq: Seq, bytes: Uint8Array): void {
    const frame = decodeFrame('record', bytes)
    if ('fault' in frame) return this.#wrong(`record ${seq} was written damaged`)
    const owner = this.#owners.get(seq)
    if (owner === undefined) this.#owners.set(seq, fromUtf8.decode(frame.payload))
    else if (seq >= this.#before) this.#wrong(`live record ${seq} was written twice`)
  }

  #floorWritten(bytes: Uint8Array): void {
    const frame = decodeFrame('floor', bytes)
    const floor = 'fault' in frame ? undefined : decodeFloor(frame.seq, frame.payload)
    if (floor === undefined) return this.#wrong('a floor was written damaged')
    if (floor.before < this.#before) this.#wrong(`the floor fell to ${floor.before}`)
    if (!this.#owners.has(floor.before)) this.#wrong(`the floor ${floor.before} is no record`)
    this.#floors += 1
    this.#before = floor.before
  }

  #wrong(what: string): void {
    this.violations.push(what)
  }
}

import {
  blobCommitLog,
  err,
  ok,
  quote,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type CommitLog,
  type Damage,
  type LogReadError,
  type LogRecord,
  type Result,
  type Seq,
} from '@tidemark/core'
import { damaged, decodeRecord } from '../record/decode-record.ts'
import type { Base, Head, Location, OperationRecord } from '../record/record.ts'
import { operationPrefix } from './operation-key.ts'
import { RecordCache } from './record-cache.ts'
import { StagedBodies } from './staged-bodies.ts'

/** Where an operation stands: the newest of its records, and the base that this one names. */
export interface Standing {
  /** The number of the newest record. */
  readonly seq: Seq
  readonly head: Head
  readonly base: Base
}

/** What a look at the log found. */
export interface Sighting {
  /** `undefined` when the operation was never begun. */
  readonly standing: Standing | undefined
  /** The newest record of all, which may be an owner's. */
  readonly newest: LogRecord | undefined
  /** Owner records that had to be passed to find the standing. */
  readonly passed: number
  /** Damaged records that were stepped over, newest first: no whole one of ours is newer. */
  readonly skipped: readonly Damage[]
}

/** Owners that came and went without a word; more than that in a row is damage. */
const MAX_PASSED = 4096

/** The records of one operation, read: those of owners passed over, the others decoded. */
export class OperationLog {
  readonly log: CommitLog
  readonly bodies: StagedBodies
  readonly #name: string
  readonly #cache = new RecordCache()
  readonly #reading = new Map<Seq, AsyncResult<OperationRecord | undefined, LogReadError>>()
  #sighting: Sighting | undefined

  constructor(store: BlobStore, name: string) {
    const prefix = operationPrefix(name)
    this.log = blobCommitLog(store, prefix)
    this.bodies = new StagedBodies(store, prefix)
    this.#name = name
  }

  /** Where the operation stands now. Two absent reads when nothing has changed. */
  async look(options?: CallOptions): AsyncResult<Sighting, LogReadError> {
    const latest = await this.log.latest(options)
    if (latest.ok) return this.#standingAt(latest.value, [], options)
    if (latest.error.code !== 'CORRUPTED') return latest
    const saved = await this.log.salvage(options)
    if (!saved.ok) return saved
    return this.#standingAt(saved.value.record, saved.value.skipped, options)
  }

  /** The record of a number; `undefined` when there is none, or it is an owner's. */
  async read(
    seq: Seq,
    options?: CallOptions,
  ): AsyncResult<OperationRecord | undefined, LogReadError> {
    const cached = this.#cache.get(seq)
    if (cached !== undefined) return ok(cached)
    if (options?.signal !== undefined) return this.#fetch(seq, options)
    // Hundreds of steps at once ask for the same fold: it is read and decoded once.
    const shared = this.#reading.get(seq) ?? this.#fetch(seq)
    this.#reading.set(seq, shared)
    return shared.finally(() => this.#reading.delete(seq))
  }

  /** Notes a record that was just written, so that it need not be read. */
  remember(seq: Seq, record: OperationRecord, sizeBytes: number): void {
    this.#cache.put(seq, record, sizeBytes)
  }

  async #standingAt(
    newest: LogRecord | undefined,
    skipped: readonly Damage[],
    options?: CallOptions,
  ): AsyncResult<Sighting, LogReadError> {
    const known = this.#sighting
    if (known !== undefined && known.newest?.seq === newest?.seq) return ok(known)
    const stepped = [...skipped]
    let passed = 0
    for (let seq = newest?.seq ?? 0; seq > 0; seq--) {
      const record = await this.read(seq, options)
      // Only owners lie above it: it was the newest when the first of them stepped over it.
      if (!record.ok && record.error.code === 'CORRUPTED' && passed > 0) {
        stepped.push({ seq, error: record.error })
        continue
      }
      if (!record.ok) return record
      if (record.value !== undefined) {
        const standing = await this.#standing(seq, record.value, options)
        if (!standing.ok) return standing
        this.#sighting = { standing: standing.value, newest, passed, skipped: stepped }
        return ok(this.#sighting)
      }
      passed += 1
      if (passed > MAX_PASSED) return err(damaged(seq, 'no record of the operation is near it'))
    }
    const [lost] = stepped
    // Not the same as an operation that was never begun: what it stood on is gone.
    if (lost !== undefined) return err(damaged(lost.seq, 'nothing whole is left before it'))
    return ok({ standing: undefined, newest, passed, skipped: [] })
  }

  async #standing(
    seq: Seq,
    { head, base: own }: OperationRecord,
    options?: CallOptions,
  ): AsyncResult<Standing, LogReadError> {
    if (own !== undefined) return this.#checked(seq, head, own)
    const record = await this.read(head.base, options)
    if (!record.ok) return record
    const base = record.value?.base
    if (base === undefined) return err(damaged(head.base, 'the base of the operation is missing'))
    return this.#checked(seq, head, base)
  }

  #checked(seq: Seq, head: Head, base: Base): Result<Standing, LogReadError> {
    if (base.operation === this.#name) return ok({ seq, head, base })
    return err(damaged(head.base, `it belongs to the operation ${quote(base.operation)}`))
  }

  async #fetch(
    seq: Seq,
    options?: CallOptions,
  ): AsyncResult<OperationRecord | undefined, LogReadError> {
    const record = await this.log.read(seq, options)
    if (!record.ok || record.value === undefined) return record.ok ? ok(undefined) : record
    return this.#decode(record.value)
  }

  #decode(record: LogRecord): Result<OperationRecord | undefined, LogReadError> {
    if (record.epoch === record.seq) return ok(undefined)
    const decoded = decodeRecord(record.seq, record.payload)
    if (decoded.ok) this.#cache.put(record.seq, decoded.value, record.payload.length)
    return decoded
  }
}

/** Whether what lies there still counts. */
export function isLive({ base, head }: Standing, at: Location): boolean {
  if (at.record > head.base) return true
  return base.kept.some((kept) => kept.at.record === at.record && kept.at.index === at.index)
}

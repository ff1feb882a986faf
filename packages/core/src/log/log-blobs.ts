import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { LogReadError, Seq, Tip } from './commit-log.ts'
import { decodeFloor, type Floor } from './floor.ts'
import {
  decodeFrame,
  FRAME_OVERHEAD_BYTES,
  MAX_PAYLOAD_BYTES,
  type DecodedFrame,
  type FrameFault,
} from './frame.ts'
import { floorKey, hintKey, recordKey } from './log-keys.ts'
import { checkNumber, damagedTip, faultError } from './log-record.ts'

/** A record as found: whole, or damaged but holding its number. */
export type FoundRecord =
  | { readonly frame: DecodedFrame }
  | {
      readonly tip: Tip
      readonly error: Extract<LogReadError, { code: 'CORRUPTED' | 'UNSUPPORTED_VERSION' }>
    }

/** The blobs of one log, read: what is under a number, and whether anything is. */
export class LogBlobs {
  readonly #store: BlobStore
  readonly #prefix: string

  constructor(store: BlobStore, prefix: string) {
    this.#store = store
    this.#prefix = prefix
  }

  /** Whether there is anything under the number of a record. */
  recordExists(seq: Seq, options?: CallOptions): AsyncResult<boolean, LogReadError> {
    return this.#exists(recordKey(this.#prefix, seq), options)
  }

  /** Whether there is anything under the number of a floor. */
  floorExists(index: number, options?: CallOptions): AsyncResult<boolean, LogReadError> {
    return this.#exists(floorKey(this.#prefix, index), options)
  }

  /** What lies under the number of a record; `durable` as in `BlobStore.get`. */
  async record(
    seq: Seq,
    durable: boolean,
    options?: CallOptions,
  ): AsyncResult<FoundRecord | undefined, LogReadError> {
    const key = recordKey(this.#prefix, seq)
    const bytes = await this.#bytes(key, durable, options)
    if (!bytes.ok || bytes.value === undefined) return bytes.ok ? ok(undefined) : bytes
    const frame = checkNumber(decode('record', bytes.value), seq)
    if (!('fault' in frame)) return ok({ frame })
    return ok({ tip: damagedTip(seq, bytes.value), error: faultError(key, seq, frame) })
  }

  /** A floor that exists. It is believed only whole: a damaged one fails closed. */
  async floor(index: number, options?: CallOptions): AsyncResult<Floor, LogReadError> {
    const key = floorKey(this.#prefix, index)
    const bytes = await this.#bytes(key, true, options)
    if (!bytes.ok) return bytes
    const found = bytes.value ?? new Uint8Array()
    const frame = checkNumber(decode('floor', found), index)
    if ('fault' in frame) return err(faultError(key, index, frame))
    const floor = decodeFloor(index, frame.payload)
    return floor === undefined
      ? err(faultError(key, index, { fault: 'its numbers make no sense' }))
      : ok(floor)
  }

  /** The number in the hint, 0 without one. A hint is a place to start looking, never believed. */
  async hint(options?: CallOptions): AsyncResult<Seq, LogReadError> {
    const bytes = await this.#bytes(hintKey(this.#prefix), false, options)
    if (!bytes.ok) return bytes
    const seq = Number(new TextDecoder().decode(bytes.value?.subarray(0, 16)))
    return ok(Number.isSafeInteger(seq) ? seq : 0)
  }

  async #exists(key: string, options?: CallOptions): AsyncResult<boolean, LogReadError> {
    const info = await this.#store.head(key, options)
    return info.ok ? ok(info.value !== undefined) : info
  }

  async #bytes(
    key: string,
    durable: boolean,
    options?: CallOptions,
  ): AsyncResult<Uint8Array | undefined, LogReadError> {
    const range = { start: 0, end: FRAME_OVERHEAD_BYTES + MAX_PAYLOAD_BYTES + 1 }
    const blob = await this.#store.get(key, { ...options, durable, range })
    if (!blob.ok || blob.value === undefined) return blob.ok ? ok(undefined) : blob
    return blob.value.bytes()
  }
}

function decode(kind: 'record' | 'floor', bytes: Uint8Array): DecodedFrame | FrameFault {
  if (bytes.length > FRAME_OVERHEAD_BYTES + MAX_PAYLOAD_BYTES) {
    return { fault: 'longer than any record' }
  }
  return decodeFrame(kind, bytes)
}

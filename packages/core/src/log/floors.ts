import { randomBytes } from '#digest'
import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import type { AppendError, LogReadError } from './commit-log.ts'
import { createOnce, type SettleOptions } from './create-once.ts'
import { encodeFloor, NO_FLOOR, type Floor } from './floor.ts'
import { encodeFrame, NO_PREDECESSOR, NONCE_BYTES } from './frame.ts'
import { lastExisting } from './last-existing.ts'
import type { LogBlobs } from './log-blobs.ts'
import { floorKey } from './log-keys.ts'

/** The floors of one log: the newest one known, found, and raised. */
export class Floors {
  readonly #store: BlobStore
  readonly #prefix: string
  readonly #blobs: LogBlobs
  #known: Floor = NO_FLOOR

  constructor(store: BlobStore, prefix: string, blobs: LogBlobs) {
    this.#store = store
    this.#prefix = prefix
    this.#blobs = blobs
  }

  /** The newest floor seen so far. */
  get known(): Floor {
    return this.#known
  }

  /** The newest floor there is. In a steady state, one absent read. */
  async current(options?: CallOptions): AsyncResult<Floor, LogReadError> {
    const known = this.#known
    const exists = (n: number): AsyncResult<boolean, LogReadError> =>
      this.#blobs.floorExists(n, options)
    const index = await lastExisting(known.index, exists)
    if (!index.ok) return index
    if (index.value === known.index) return ok(known)
    const floor = await this.#blobs.floor(index.value, options)
    if (floor.ok) this.#remember(floor.value)
    return floor
  }

  /** Creates the floor after the known one; `false` when somebody else has. */
  async raise(
    next: Floor,
    settle: SettleOptions,
    options?: CallOptions,
  ): AsyncResult<boolean, AppendError> {
    const frame = encodeFrame({
      kind: 'floor',
      seq: next.index,
      epoch: 0,
      nonce: randomBytes(NONCE_BYTES),
      predecessor: NO_PREDECESSOR,
      payload: encodeFloor(next),
    })
    const key = floorKey(this.#prefix, next.index)
    const created = await createOnce(this.#store, key, frame, settle, options)
    if (!created.ok) return created
    if (created.value !== 'created') return ok(false)
    this.#remember(next)
    return ok(true)
  }

  #remember(floor: Floor): void {
    if (floor.index > this.#known.index) this.#known = floor
  }
}

import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type BlobInfo,
  type BlobStore,
  type CallOptions,
  type PutError,
  type Result,
} from '@tidemark/core'
import { Channel } from './channel.ts'
import { MAX_BLOB_BYTES } from './slot.ts'

/** Where a piece went. */
export interface PiecePlace {
  readonly blob: number
  readonly offset: number
}

/**
 * Writes the state of one checkpoint into as few blobs as can be: what is put comes one after the
 * other in the same blob, and a new one begins at 1 GiB.
 *
 * Nothing is durable before `finish` is `ok`; the names are nobody else's, ever.
 */
export class PackWriter {
  readonly #store: BlobStore
  readonly #keyOf: (index: number) => string
  readonly #options: CallOptions
  #blobs = 0
  #offset = 0
  #channel: Channel | undefined
  #put: AsyncResult<BlobInfo, PutError> | undefined
  #failure: PutError | undefined

  constructor(store: BlobStore, keyOf: (index: number) => string, options: CallOptions = {}) {
    this.#store = store
    this.#keyOf = keyOf
    this.#options = options
  }

  /** How many blobs there are so far. */
  get count(): number {
    return this.#blobs
  }

  /** Where the next piece will go. A piece never lies in two blobs. */
  async place(sizeBytes: number): AsyncResult<PiecePlace, PutError> {
    if (this.#channel !== undefined && this.#offset + sizeBytes > MAX_BLOB_BYTES) {
      const closed = await this.#close()
      if (!closed.ok) return closed
    }
    if (this.#failure !== undefined) return err(this.#failure)
    if (this.#channel === undefined) this.#open()
    const place = { blob: this.#blobs - 1, offset: this.#offset }
    this.#offset += sizeBytes
    return ok(place)
  }

  /** Hands on the piece that was just placed; resolves when the medium wants the next. */
  async write(piece: Uint8Array): AsyncResult<void, PutError> {
    await this.#channel?.send(piece)
    return this.#failure === undefined ? ok() : err(this.#failure)
  }

  /** After `ok` all blobs are whole and durable. */
  async finish(): AsyncResult<void, PutError> {
    const closed = await this.#close()
    if (!closed.ok) return closed
    return this.#failure === undefined ? ok() : err(this.#failure)
  }

  /** Gives up; what was written is deleted as far as the medium allows. */
  async discard(): Promise<void> {
    this.#failure ??= coreError('CLOSED', 'this writer was given up', {
      what: 'writer',
      reason: 'failed',
    })
    this.#channel?.fail(this.#failure)
    await this.#put
    const keys = Array.from({ length: this.#blobs }, (_, index) => this.#keyOf(index))
    // What cannot be deleted now is garbage that the collector knows.
    if (keys.length > 0) void (await this.#store.delete(keys))
  }

  #open(): void {
    const channel = new Channel()
    const key = this.#keyOf(this.#blobs)
    this.#blobs += 1
    this.#offset = 0
    this.#channel = channel
    this.#put = this.#putWhole(key, channel).then((put) => {
      if (!put.ok) this.#failure ??= put.error
      channel.end()
      return put
    })
  }

  /** A lost answer is settled by looking: a put is whole or absent, so what is there is ours. */
  async #putWhole(key: string, channel: Channel): AsyncResult<BlobInfo, PutError> {
    const put = await this.#store.put(key, channel, { ...this.#options, if: 'absent' })
    const isLost = !put.ok && put.error.code === 'OUTCOME_UNKNOWN'
    if (!isLost || put.error.details.reason !== 'no-answer') return put
    const found = await this.#store.get(key, { durable: true, range: { start: 0, end: 0 } })
    return found.ok && found.value !== undefined ? ok(found.value) : put
  }

  async #close(): AsyncResult<void, PutError> {
    this.#channel?.end()
    const put: Result<BlobInfo, PutError> | undefined = await this.#put
    this.#channel = undefined
    this.#put = undefined
    return put === undefined || put.ok ? ok() : put
  }
}

/** A part in the making. */
export interface OpenPart {
  readonly blob: number
  readonly offset: number
  sizeBytes: number
  readonly pieces: string[]
}

/** Adds a piece to the parts of a slot: to the last one when it goes on there. */
export function addPiece(
  parts: OpenPart[],
  { blob, offset }: PiecePlace,
  sizeBytes: number,
  digest: string | undefined,
): void {
  let last = parts.at(-1)
  if (last?.blob !== blob || last.offset + last.sizeBytes !== offset) {
    last = { blob, offset, sizeBytes: 0, pieces: [] }
    parts.push(last)
  }
  last.sizeBytes += sizeBytes
  if (digest !== undefined) last.pieces.push(digest)
}

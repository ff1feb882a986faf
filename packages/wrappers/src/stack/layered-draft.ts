import {
  concat,
  coreError,
  err,
  isTidemarkError,
  ok,
  quote,
  type AsyncResult,
  type BlobBody,
  type ByteCheckpoint,
  type ByteCommitOptions,
  type ByteDraft,
  type CallOptions,
  type CommitError,
  type CoreError,
  type EntryInfo,
  type GetError,
  type GetOptions,
  type JsonObject,
  type PutEntryError,
  type StoredEntry,
} from '@tidemark/core'
import { encodeAttachment, type EntryRecord } from './attachment.ts'
import { LayeredCheckpoint } from './layered-checkpoint.ts'
import { layeredEntry, layeredInfos, type Known } from './layered-entries.ts'
import type { Passage, Pipeline } from './pipeline.ts'
import { sealCheckpoint } from './seals.ts'

/** Values up to this size pass in one piece: below, they may then lie in the record itself. */
const SMALL_BYTES: number = 64 * 1024

/** Layers have sealed nothing in a draft. */
const NO_SEALS = {}

/** A draft whose entries pass through layers, and whose commit is sealed by them. */
export class LayeredDraft implements ByteDraft {
  readonly identifier: string
  readonly #below: ByteDraft
  readonly #pipeline: Pipeline
  readonly #records = new Map<string, EntryRecord>()
  #isCommitting = false
  /** Calls take effect one after the other, in the order in which they were made. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(below: ByteDraft, pipeline: Pipeline) {
    this.identifier = below.identifier
    this.#below = below
    this.#pipeline = pipeline
  }

  entries(): readonly EntryInfo[] {
    return layeredInfos(this.#below, this.#known)
  }

  put(
    key: string,
    body: BlobBody,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError> {
    const isSmall = body instanceof Uint8Array && body.length <= SMALL_BYTES
    const own = isSmall ? body.slice() : body
    return this.#inTurn(async () => {
      const passage = this.#pipeline.forward(this.identifier, key, own, isSmall)
      const put = isSmall
        ? await this.#putWhole(key, passage, codec, options)
        : await this.#putStream(key, passage, codec, options)
      if (put.ok) this.#records.set(key, passage.record())
      return put
    })
  }

  fail(key: string, error: PutEntryError): void {
    void this.#inTurn(async () => ok(this.#below.fail(key, error)))
  }

  remove(key: string): ReturnType<ByteDraft['remove']> {
    return this.#inTurn(async () => {
      const removed = await this.#below.remove(key)
      if (removed.ok) this.#records.delete(key)
      return removed
    })
  }

  entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError> {
    return this.#inTurn(() => layeredEntry(this.#below, key, this.#known, options))
  }

  async commit(options?: ByteCommitOptions): AsyncResult<ByteCheckpoint, CommitError> {
    const committing = this.#inTurn(async () => {
      const [pipeline, records] = [this.#pipeline, this.#records]
      const infos = this.#below.entries()
      let seals: JsonObject = NO_SEALS
      const attach: ByteCommitOptions['attach'] = async (facts) => {
        const attachment = sealCheckpoint(pipeline, facts, infos, records)
        seals = attachment.seals
        return ok(encodeAttachment(attachment))
      }
      const committed = await this.#below.commit({ ...options, attach })
      if (!committed.ok) return committed
      return ok(new LayeredCheckpoint(committed.value, { pipeline, records, seals }))
    })
    this.#isCommitting = true
    const committed = await committing
    // A draft that is finished says so itself.
    this.#isCommitting = false
    return committed
  }

  async abort(): Promise<void> {
    await this.#queue
    await this.#below.abort()
  }

  get #known(): Known {
    return { pipeline: this.#pipeline, records: this.#records, seals: NO_SEALS }
  }

  async #putWhole(
    key: string,
    passage: Passage,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError> {
    const pieces: Uint8Array[] = []
    try {
      for await (const piece of passage.stored) pieces.push(piece)
    } catch (thrown) {
      return this.#failed(key, refusalOf(key, thrown))
    }
    return this.#below.put(key, concat(pieces), codec, options)
  }

  async #putStream(
    key: string,
    passage: Passage,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError> {
    const put = await this.#below.put(key, passage.stored, codec, options)
    // To the storage below, a layer that refuses is a source that fails.
    const isLayers = !put.ok && put.error.code === 'INVALID_ARGUMENT'
    return isLayers && isPutError(put.error.cause) ? this.#failed(key, put.error.cause) : put
  }

  #failed(key: string, error: PutEntryError): AsyncResult<void, PutEntryError> {
    this.#below.fail(key, error)
    return Promise.resolve(err(error))
  }

  #inTurn<T, E>(call: () => AsyncResult<T, E>): AsyncResult<T, E | CoreError<'CLOSED'>> {
    if (this.#isCommitting) return Promise.resolve(err(this.#spent()))
    const turn = this.#queue.then(call)
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  #spent(): CoreError<'CLOSED'> {
    const message = `the draft of ${quote(this.identifier)} is being committed; create a new one`
    return coreError('CLOSED', message, { what: 'draft', reason: 'spent' })
  }
}

function isPutError(value: unknown): value is PutEntryError {
  return isTidemarkError(value)
}

function refusalOf(key: string, thrown: unknown): PutEntryError {
  if (isPutError(thrown)) return thrown
  const details = { argument: 'body', reason: 'a layer failed' }
  return coreError('INVALID_ARGUMENT', `entry ${quote(key)} cannot be put`, details, thrown)
}

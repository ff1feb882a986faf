import {
  addDetails,
  coreError,
  err,
  isBlobKey,
  ok,
  quote,
  type AsyncResult,
  type BlobBody,
  type BlobInfo,
  type BlobStore,
  type CallOptions,
  type DeleteReport,
  type GetOptions,
  type ListOptions,
  type PutError,
  type PutManyError,
  type PutOptions,
  type ReadError,
  type StoredBlob,
} from '@tidemark/core'
import { blobInfo } from './blob/blob-info.ts'
import { deleteBlobs } from './blob/delete-blobs.ts'
import { findObject } from './blob/find-object.ts'
import { getBlob } from './blob/get-blob.ts'
import { listBlobs } from './blob/list-blobs.ts'
import { putBlob } from './blob/put-blob.ts'
import { forEachLimited } from './blob/for-each-limited.ts'
import type { S3Context } from './context.ts'
import type { CapabilityCard } from './open/capability-card.ts'
import { makeClient } from './open/make-client.ts'
import { openContext, type Opened, type OpenS3Error, type S3Support } from './open/open-context.ts'
import { checkOptions } from './open/s3-options-schema.ts'
import type { S3ClientOptions, S3Options } from './open/s3-options.ts'
import { turns, type Turns } from './policy/turns.ts'

/** So many blobs of one `putMany` are on their way at the same time. */
const PUT_MANY_CONCURRENCY = 4

/**
 * Blobs as objects below a prefix of a bucket, one object per key, in any S3-compatible store that
 * refuses to create one name twice. Any number of processes may share it.
 *
 * A put is one signed request, its body's digest signed with it. An answer that is lost is settled
 * by sending the same create again and reading whose the object is; what cannot be settled is
 * `OUTCOME_UNKNOWN`, and every other error means that nothing was stored or will be.
 *
 * @example
 * import { unwrap } from '@tidemark/core'
 * import { S3BlobStore } from '@tidemark/s3'
 *
 * async function main(accessKeyId: string, secretAccessKey: string): Promise<void> {
 *   const credentials = { accessKeyId, secretAccessKey }
 *   const store = unwrap(await S3BlobStore.open({ bucket: 'backups', credentials }))
 *   unwrap(await store.put('jobs/1', new Uint8Array([7]), { if: 'absent' }))
 *   await store.close()
 * }
 */
export class S3BlobStore implements BlobStore {
  readonly supports: S3Support
  /** What the endpoint was seen to do when this was opened. */
  readonly card: CapabilityCard
  readonly #context: S3Context
  readonly #turns: Turns = turns()
  #closed = false

  private constructor({ context, card, supports }: Opened) {
    this.#context = context
    this.card = card
    this.supports = supports
  }

  /**
   * Opens a bucket. After `ok` the endpoint has shown that it refuses a second create.
   *
   * `UNSUPPORTED`: it does not, and `exclusiveWriter` was not given. `OPEN_FAILED`: there is no
   * such bucket, or the credentials do not open it. `IO_FAILED`: it was not to be reached.
   */
  static async open(options: S3Options): AsyncResult<S3BlobStore, OpenS3Error> {
    const checked = checkOptions(options)
    if (!checked.ok) return checked
    return S3BlobStore.over({ ...options, client: makeClient(options) })
  }

  /** Opens a bucket over a client of yours: an adapter of an SDK, or a fake. Fails as `open`. */
  static async over(options: S3ClientOptions): AsyncResult<S3BlobStore, OpenS3Error> {
    const checked = checkOptions(options)
    if (!checked.ok) return checked
    const opened = await openContext(options)
    return opened.ok ? ok(new S3BlobStore(opened.value)) : opened
  }

  async put(key: string, body: BlobBody, options?: PutOptions): AsyncResult<BlobInfo, PutError> {
    const refused = keyError(key) ?? this.#refusal('put', options) ?? this.#unsupported(options)
    if (refused !== undefined) return err(refused)
    const put = (): AsyncResult<BlobInfo, PutError> => putBlob(this.#context, key, body, options)
    // Where the endpoint does not decide who is first, this store's own calls take turns.
    return this.supports.createOnly === 'endpoint' ? put() : this.#turns.take(key, put)
  }

  async putMany(
    blobs: Iterable<readonly [key: string, body: BlobBody]>,
    options?: PutOptions,
  ): AsyncResult<BlobInfo[], PutManyError> {
    const all = [...blobs]
    const written: (BlobInfo | undefined)[] = all.map(() => undefined)
    let failed: PutError | undefined
    await forEachLimited(all, PUT_MANY_CONCURRENCY, async ([key, body], index) => {
      if (failed !== undefined) return
      const put = await this.put(key, body, options)
      if (put.ok) written[index] = put.value
      else failed ??= put.error
    })
    const infos = written.filter((info) => info !== undefined)
    if (failed === undefined) return ok(infos)
    return err(addDetails(failed, { written: infos.map((info) => info.key) }))
  }

  async get(key: string, options?: GetOptions): AsyncResult<StoredBlob | undefined, ReadError> {
    const refused = keyError(key) ?? rangeError(options?.range) ?? this.#refusal('get', options)
    if (refused !== undefined) return err(refused)
    const { start = 0, end = Number.MAX_SAFE_INTEGER } = options?.range ?? {}
    return getBlob(this.#context, key, { start, end }, options)
  }

  async head(key: string, options?: CallOptions): AsyncResult<BlobInfo | undefined, ReadError> {
    const refused = keyError(key) ?? this.#refusal('head', options)
    if (refused !== undefined) return err(refused)
    const found = await findObject(this.#context, 'head', key, options?.signal)
    if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found
    return ok(blobInfo(key, found.value.sizeBytes, found.value.etag))
  }

  async *list(options: ListOptions = {}): AsyncIterable<BlobInfo> {
    const early = this.#refusal('list', options)
    if (early !== undefined) throw early
    let left = options.limit ?? Infinity
    if (left <= 0) return
    for await (const info of listBlobs(this.#context, options)) {
      const refused = this.#refusal('list', options)
      if (refused !== undefined) throw refused
      yield info
      left -= 1
      if (left <= 0) return
    }
  }

  async delete(
    keys: string | readonly string[],
    options?: CallOptions,
  ): AsyncResult<DeleteReport, ReadError> {
    const all = typeof keys === 'string' ? [keys] : keys
    for (const key of all) {
      const wrong = keyError(key)
      if (wrong !== undefined) return err(wrong)
    }
    const refused = this.#refusal('delete', options)
    return refused === undefined ? deleteBlobs(this.#context, all, options) : err(refused)
  }

  /** Later calls fail with `CLOSED`; what is under way ends as it would have. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#context.client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #refusal(operation: string, options: CallOptions | undefined): ReadError | undefined {
    if (this.#closed) {
      const message = 'this store is closed; open it again'
      return coreError('CLOSED', message, { what: 'store', reason: 'closed' })
    }
    if (options?.signal?.aborted !== true) return undefined
    const message = `${operation} was aborted by its signal`
    return coreError('ABORTED', message, { operation, committed: false }, options.signal.reason)
  }

  #unsupported(options: PutOptions | undefined): PutError | undefined {
    const condition = options?.if
    if (condition === undefined || condition === 'absent' || this.supports.replaceIf) {
      return undefined
    }
    const message = 'this endpoint cannot compare and swap'
    return coreError('UNSUPPORTED', message, { feature: 'replaceIf' })
  }
}

function keyError(key: string): ReadError | undefined {
  if (isBlobKey(key)) return undefined
  const reason = 'a key is segments of a-z 0-9 . _ - joined by /'
  const message = `${quote(key)} is not a blob key`
  return coreError('INVALID_ARGUMENT', message, { argument: 'key', reason })
}

function rangeError(range: GetOptions['range']): ReadError | undefined {
  const { start = 0, end = Number.MAX_SAFE_INTEGER } = range ?? {}
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) {
    return undefined
  }
  const reason = 'start and end are safe integers with 0 <= start <= end'
  return coreError('INVALID_ARGUMENT', 'not a range', { argument: 'range', reason })
}

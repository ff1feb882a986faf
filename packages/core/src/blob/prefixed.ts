import { coreError } from '../result/core-errors.ts'
import { addDetails, quote, type CheckpointError, type WithDetails } from '../result/error.ts'
import { err, ok, type AsyncResult, type Result } from '../result/result.ts'
import { isBlobKey, keyError } from './blob-key.ts'
import type {
  BlobBody,
  BlobInfo,
  BlobStore,
  BlobStoreSupport,
  CallOptions,
  DeleteReport,
  GetOptions,
  ListOptions,
  PutError,
  PutManyError,
  PutOptions,
  ReadError,
  StoredBlob,
} from './blob-store.ts'
import { closedError } from './gate.ts'

/**
 * A part of a store as a store of its own: every key gets `prefix` in front. Closing it leaves the
 * store below open.
 *
 * @example
 * import { MemoryBlobStore, prefixed, unwrap } from '@tidemark/core'
 *
 * const shared = new MemoryBlobStore()
 * const tenant = prefixed(shared, 'tenant-a/')
 * unwrap(await tenant.put('x', new Uint8Array([1])))
 * unwrap(await shared.head('tenant-a/x'))?.sizeBytes // => 1
 */
export function prefixed(store: BlobStore, prefix: string): BlobStore {
  if (isBlobKey(`${prefix}x`)) return new PrefixedBlobStore(store, prefix)
  const reason = 'a prefix is the beginning of a blob key'
  const message = `${quote(prefix)} cannot begin a blob key`
  throw new TypeError(message, {
    cause: coreError('INVALID_ARGUMENT', message, { argument: 'prefix', reason }),
  })
}

class PrefixedBlobStore implements BlobStore {
  readonly supports: BlobStoreSupport
  /** What crashed puts left has no key, so it belongs to no part: the whole medium is swept. */
  declare readonly sweep?: NonNullable<BlobStore['sweep']>
  readonly #store: BlobStore
  readonly #prefix: string
  #closed = false

  constructor(store: BlobStore, prefix: string) {
    this.#store = store
    this.#prefix = prefix
    const maxKeyBytes = store.supports.maxKeyBytes - prefix.length
    this.supports = { ...store.supports, maxKeyBytes }
    if (store.sweep === undefined) return
    this.sweep = async (options) =>
      this.#closed
        ? err(closedError('store'))
        : ((await store.sweep?.(options)) ?? ok({ deleted: 0 }))
  }

  async put(key: string, body: BlobBody, options?: PutOptions): AsyncResult<BlobInfo, PutError> {
    const outer = this.#outer(key)
    if (!outer.ok) return outer
    const put = await this.#store.put(outer.value, body, options)
    return put.ok ? ok(this.#inner(put.value)) : err(this.#innerError(put.error))
  }

  async putMany(
    blobs: Iterable<readonly [key: string, body: BlobBody]>,
    options?: PutOptions,
  ): AsyncResult<BlobInfo[], PutManyError> {
    const outer: [string, BlobBody][] = []
    for (const [key, body] of blobs) {
      const named = this.#outer(key)
      if (!named.ok) return err(addDetails(named.error, { written: [] }))
      outer.push([named.value, body])
    }
    if (this.#closed) return err(addDetails(closedError('store'), { written: [] }))
    const put = await this.#store.putMany(outer, options)
    if (put.ok) return ok(put.value.map((info) => this.#inner(info)))
    const written = put.error.details.written.map((key) => this.#innerKey(key))
    return err(addDetails(this.#innerError(put.error), { written }))
  }

  async get(key: string, options?: GetOptions): AsyncResult<StoredBlob | undefined, ReadError> {
    const outer = this.#outer(key)
    if (!outer.ok) return outer
    const found = await this.#store.get(outer.value, options)
    if (!found.ok) return err(this.#innerError(found.error))
    const blob = found.value
    if (blob === undefined) return ok(undefined)
    return ok({
      ...this.#inner(blob),
      bytes: async () => {
        const bytes = await blob.bytes()
        return bytes.ok ? bytes : err(this.#innerError(bytes.error))
      },
      stream: () => blob.stream(),
    })
  }

  async head(key: string, options?: CallOptions): AsyncResult<BlobInfo | undefined, ReadError> {
    const outer = this.#outer(key)
    if (!outer.ok) return outer
    const found = await this.#store.head(outer.value, options)
    if (!found.ok) return err(this.#innerError(found.error))
    return ok(found.value === undefined ? undefined : this.#inner(found.value))
  }

  async *list(options?: ListOptions): AsyncIterable<BlobInfo> {
    if (this.#closed) throw closedError('store')
    const { prefix = '', startAfter = '', limit = Infinity, ...call } = options ?? {}
    const outer = { ...call, prefix: this.#prefix + prefix, startAfter: this.#prefix + startAfter }
    let left = limit
    if (left <= 0) return
    for await (const info of this.#store.list(outer)) {
      const inner = this.#inner(info)
      // Another's key that goes on where our prefix ends, within a segment, may be none here.
      if (!isBlobKey(inner.key)) continue
      yield inner
      left -= 1
      if (left <= 0) return
      if (this.#closed) throw closedError('store')
    }
  }

  async delete(
    keys: string | readonly string[],
    options?: CallOptions,
  ): AsyncResult<DeleteReport, ReadError> {
    const outer: string[] = []
    for (const key of typeof keys === 'string' ? [keys] : keys) {
      const named = this.#outer(key)
      if (!named.ok) return named
      outer.push(named.value)
    }
    if (this.#closed) return err(closedError('store'))
    const deleted = await this.#store.delete(outer, options)
    if (!deleted.ok) return err(this.#innerError(deleted.error))
    const failed = deleted.value.failed.map(({ key, error }) => ({
      key: this.#innerKey(key),
      error: this.#innerError(error),
    }))
    return ok({ deleted: deleted.value.deleted, failed })
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The key in the store below, of one that is a key here. */
  #outer(key: string): Result<string, ReadError> {
    const refused = this.#closed ? closedError('store') : keyError(key)
    if (refused !== undefined) return err(refused)
    return ok(this.#prefix + key)
  }

  #innerKey(key: string): string {
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : key
  }

  #inner({ key, sizeBytes, version }: BlobInfo): BlobInfo {
    return { key: this.#innerKey(key), sizeBytes, version }
  }

  #innerError<E extends CheckpointError>(error: E): E | WithDetails<E, { readonly key: string }> {
    const key: unknown = Reflect.get(Object(error.details), 'key')
    return typeof key === 'string' ? addDetails(error, { key: this.#innerKey(key) }) : error
  }
}

import { coreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'
import { ok } from '../result/result.ts'
import { isBlobKey } from './blob-key.ts'
import type { BlobInfo, BlobStore, StoredBlob } from './blob-store.ts'

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
  if (!isBlobKey(`${prefix}x`)) {
    const reason = 'a prefix is the beginning of a blob key'
    const message = `${quote(prefix)} cannot begin a blob key`
    throw new TypeError(message, {
      cause: coreError('INVALID_ARGUMENT', message, { argument: 'prefix', reason }),
    })
  }
  const inner = (info: BlobInfo): BlobInfo => ({ ...info, key: info.key.slice(prefix.length) })
  const innerBlob = (blob: StoredBlob): StoredBlob => ({
    key: blob.key.slice(prefix.length),
    sizeBytes: blob.sizeBytes,
    version: blob.version,
    bytes: () => blob.bytes(),
    stream: () => blob.stream(),
  })
  const close = async (): Promise<void> => undefined
  return {
    supports: { ...store.supports, maxKeyBytes: store.supports.maxKeyBytes - prefix.length },
    put: async (key, body, options) => {
      const put = await store.put(prefix + key, body, options)
      return put.ok ? ok(inner(put.value)) : put
    },
    putMany: async (blobs, options) => {
      const outer = function* (): Iterable<
        readonly [string, Uint8Array | AsyncIterable<Uint8Array>]
      > {
        for (const [key, body] of blobs) yield [prefix + key, body]
      }
      const put = await store.putMany(outer(), options)
      return put.ok ? ok(put.value.map(inner)) : put
    },
    get: async (key, options) => {
      const found = await store.get(prefix + key, options)
      return found.ok && found.value !== undefined ? ok(innerBlob(found.value)) : found
    },
    head: async (key, options) => {
      const found = await store.head(prefix + key, options)
      return found.ok && found.value !== undefined ? ok(inner(found.value)) : found
    },
    list: async function* (options) {
      const startAfter = options?.startAfter
      const outer = {
        ...options,
        prefix: prefix + (options?.prefix ?? ''),
        ...(startAfter === undefined ? {} : { startAfter: prefix + startAfter }),
      }
      for await (const info of store.list(outer)) yield inner(info)
    },
    delete: (keys, options) =>
      store.delete(
        typeof keys === 'string' ? prefix + keys : keys.map((key) => prefix + key),
        options,
      ),
    close,
    [Symbol.asyncDispose]: close,
  }
}

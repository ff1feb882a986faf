import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'

/** A directory as a store that syncs nothing: what the original promises, and no more. */
export async function unsyncedStore(dir) {
  const store = unwrap(await FileBlobStore.open(dir))
  return {
    supports: store.supports,
    put: (key, body, options) => store.put(key, body, { ...options, durable: false }),
    putMany: (blobs, options) => store.putMany(blobs, { ...options, durable: false }),
    get: (key, options) => store.get(key, { ...options, durable: false }),
    head: (key, options) => store.head(key, options),
    list: (options) => store.list(options),
    delete: (keys, options) => store.delete(keys, options),
    close: () => store.close(),
  }
}

export async function syncedStore(dir) {
  return unwrap(await FileBlobStore.open(dir))
}

import type { BlobStore } from '@tidemark/core'

/** A store that counts what is asked of it. */
export interface CountingStore {
  readonly store: BlobStore
  /** How often each call was made since the last `reset`. */
  readonly calls: Map<keyof BlobStore, number>
  /** All calls since the last `reset`. */
  readonly total: () => number
  readonly reset: () => void
}

/** Counts the calls that reach a store. */
export function countingStore(store: BlobStore): CountingStore {
  const calls = new Map<keyof BlobStore, number>()
  const count = (call: keyof BlobStore): void => {
    calls.set(call, (calls.get(call) ?? 0) + 1)
  }
  return {
    calls,
    total: () => [...calls.values()].reduce((sum, n) => sum + n, 0),
    reset: () => calls.clear(),
    store: {
      supports: store.supports,
      put: (key, body, options) => {
        count('put')
        return store.put(key, body, options)
      },
      putMany: (blobs, options) => {
        count('putMany')
        return store.putMany(blobs, options)
      },
      get: (key, options) => {
        count('get')
        return store.get(key, options)
      },
      head: (key, options) => {
        count('head')
        return store.head(key, options)
      },
      list: (options) => {
        count('list')
        return store.list(options)
      },
      delete: (keys, options) => {
        count('delete')
        return store.delete(keys, options)
      },
      close: () => store.close(),
      [Symbol.asyncDispose]: () => store.close(),
    },
  }
}

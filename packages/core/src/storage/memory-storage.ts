import type { BlobStore } from '../blob/blob-store.ts'
import { MemoryBlobStore } from '../blob/memory-blob-store.ts'
import { BlobByteStorage, type BlobByteStorageOptions } from './blob-byte-storage.ts'
import { TypedStorage } from './typed-storage.ts'

/**
 * Checkpoints in the memory of this process: for tests, and for state that may be lost.
 *
 * @example
 * import { MemoryStorage, unwrap } from '@tidemark/core'
 *
 * const storage = new MemoryStorage()
 * const draft = unwrap(await storage.createCheckpoint('nightly'))
 * unwrap(await draft.put('page', 7))
 * const saved = unwrap(await draft.commit())
 * unwrap(await saved.get('page')) // => 7
 */
export class MemoryStorage extends TypedStorage {
  constructor(options?: BlobByteStorageOptions) {
    super(new BlobByteStorage(new MemoryBlobStore(), options))
  }
}

/**
 * Checkpoints on any medium. The store stays the caller's: closing the storage leaves it open.
 *
 * @example
 * import { MemoryBlobStore, openStorage, prefixed, unwrap } from '@tidemark/core'
 *
 * const storage = openStorage(prefixed(new MemoryBlobStore(), 'tenant-a/'))
 * unwrap(await storage.save('job', { page: 7 })).generation // => 1
 */
export function openStorage(store: BlobStore, options?: BlobByteStorageOptions): TypedStorage {
  return new TypedStorage(new BlobByteStorage(store, options))
}

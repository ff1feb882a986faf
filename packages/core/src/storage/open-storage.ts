import type { BlobStore } from '../blob/blob-store.ts'
import { MemoryBlobStore } from '../blob/memory-blob-store.ts'
import { guard } from '../guard/guard.ts'
import { Pins, type PinsOptions } from '../pins/pins.ts'
import { BlobByteStorage, type BlobByteStorageOptions } from './blob-byte-storage.ts'
import { TypedStorage, type TypedStorageOptions } from './typed-storage.ts'

/** Options of a storage on any medium. */
export interface StorageOptions
  extends Omit<BlobByteStorageOptions, 'pins'>, TypedStorageOptions, Omit<PinsOptions, 'prefix'> {
  /**
   * Whether drafts and open checkpoints are made known to others through presence files. Default:
   * what the medium recommends (`supports.pins`).
   */
  readonly guard?: boolean
}

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
  constructor(options: StorageOptions = {}) {
    const { guarded, bare } = bothForms(new MemoryBlobStore(), options)
    super(guarded, options, bare)
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
export function openStorage(store: BlobStore, options: StorageOptions = {}): TypedStorage {
  const { guarded, bare } = bothForms(store, options)
  return new TypedStorage(guarded, options, bare)
}

/** A storage as bytes, with and without its guard. */
export function bothForms(
  store: BlobStore,
  options: StorageOptions,
): {
  readonly guarded: BlobByteStorage | ReturnType<typeof guard>
  readonly bare: BlobByteStorage
} {
  if (!(options.guard ?? store.supports.pins)) {
    const bare = new BlobByteStorage(store, options)
    return { guarded: bare, bare }
  }
  const pins = new Pins(store, options)
  const bare = new BlobByteStorage(store, { ...options, pins })
  return { guarded: guard(bare, pins), bare }
}

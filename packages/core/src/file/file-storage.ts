import { ok, type AsyncResult } from '../result/result.ts'
import { bothForms, type StorageOptions } from '../storage/open-storage.ts'
import { TypedStorage } from '../storage/typed-storage.ts'
import { FileBlobStore, type FileBlobStoreOptions } from './file-blob-store.ts'
import type { OpenFileError } from './prepare-root.ts'
import { nodeProcessProbe } from './process-probe.ts'

/** Options of {@link FileStorage.open}. */
export interface FileStorageOptions extends StorageOptions, FileBlobStoreOptions {}

/**
 * Checkpoints in a directory. After `commit` resolves `ok` they survive `kill -9` and a power cut.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { unwrap } from '@tidemark/core'
 * import { FileStorage } from '@tidemark/core/file'
 *
 * const storage = unwrap(await FileStorage.open(mkdtempSync('/tmp/checkpoints-')))
 * unwrap(await storage.save('import', { offset: 42 }, { ifExists: 'replace' })).generation // => 1
 * await storage.close()
 */
export class FileStorage extends TypedStorage {
  readonly #store: FileBlobStore

  private constructor(store: FileBlobStore, options: FileStorageOptions) {
    const { guarded, bare } = bothForms(store, options)
    super(guarded, options, bare)
    this.#store = store
  }

  /** Opens a directory, making it if need be. Several processes may have it open. */
  static async open(
    directory: string,
    options: FileStorageOptions = {},
  ): AsyncResult<FileStorage, OpenFileError> {
    const store = await FileBlobStore.open(directory, options)
    return store.ok
      ? ok(new FileStorage(store.value, { probe: nodeProcessProbe, ...options }))
      : store
  }

  override async close(): Promise<void> {
    await super.close()
    await this.#store.close()
  }
}

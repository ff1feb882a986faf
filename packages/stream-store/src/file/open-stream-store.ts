import { coreError, err, type AsyncResult } from '@tidemark/core'
import {
  FileBlobStore,
  nodeFileSystem,
  systemName,
  type FileSystem,
  type OpenFileError,
} from '@tidemark/core/file'
import { openStreamStore as openOnMedium } from '../native/open-stream-store.ts'
import type { StreamStoreOptions } from '../native/options.ts'
import type { StreamStore } from '../native/stream-store.ts'
import type { WriteStoreError } from '../store/store-errors.ts'

/** Options of {@link openStreamStore} on a directory. */
export interface FileStreamStoreOptions extends Omit<StreamStoreOptions, 'store' | 'closeMedium'> {
  /** The directory of the store. Made when it is not there, unless opened for reading. */
  readonly dir: string
  readonly fileSystem?: FileSystem
}

/**
 * Opens a store in a directory. After a save is `ok` it survives `kill -9` and a power cut.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { unwrap } from '@tidemark/core'
 * import { openStreamStore } from '@tidemark/stream-store/file'
 *
 * const store = unwrap(await openStreamStore({ dir: mkdtempSync('/tmp/stream-') }))
 * const writer = unwrap(store.begin())
 * unwrap(await writer.put('count', new Uint8Array([1])))
 * unwrap(await writer.commit()).epoch // => 1n
 * await store.close()
 */
export async function openStreamStore(
  options: FileStreamStoreOptions,
): AsyncResult<StreamStore, WriteStoreError | OpenFileError> {
  const { dir, fileSystem, ...rest } = options
  if (options.mode === 'read' && (await isAbsent(fileSystem ?? nodeFileSystem, dir))) {
    const details = { what: 'directory', reason: 'it does not exist' }
    return err(coreError('OPEN_FAILED', 'there is no such directory to read from', details))
  }
  const medium = await FileBlobStore.open(dir, fileSystem === undefined ? {} : { fileSystem })
  if (!medium.ok) return medium
  const opened = await openOnMedium({ ...rest, store: medium.value, closeMedium: true })
  if (!opened.ok) await medium.value.close()
  return opened
}

async function isAbsent(fileSystem: FileSystem, dir: string): Promise<boolean> {
  try {
    await fileSystem.stat(dir)
    return false
  } catch (error) {
    return systemName(error) === 'ENOENT'
  }
}

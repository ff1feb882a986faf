import { ok, type AsyncResult } from '@tidemark/core'
import { FileBlobStore, type OpenFileError } from '@tidemark/core/file'
import { newCreator, type Creator, type CreatorOptions } from '../checkpoint/creator.ts'

/** Options of {@link openFileCreator}. */
export interface FileCreatorOptions extends Omit<CreatorOptions, 'store'> {
  /** The directory of checkpoints. It is made if need be. */
  readonly dir: string
}

/** A creator that holds a directory open. */
export interface FileCreator extends Creator, AsyncDisposable {
  /** Lets go of the directory. Safe to repeat. */
  close(): Promise<void>
}

/**
 * Opens a creator on a directory, in the layout of the original's file creator: what either has
 * made, the other provides and restores. Directories have mode 0700, files 0600.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { MemoryNodeStore, openNodeDb, testNamespace, unwrap } from '@tidemark/mkvs-chunks'
 * import { openFileCreator } from '@tidemark/mkvs-chunks/file'
 *
 * const namespace = testNamespace('example')
 * const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
 * const creator = unwrap(await openFileCreator({ dir: mkdtempSync('/tmp/checkpoints-'), db }))
 * await creator.close()
 */
export async function openFileCreator(
  options: FileCreatorOptions,
): AsyncResult<FileCreator, OpenFileError> {
  const store = await FileBlobStore.open(options.dir)
  if (!store.ok) return store
  const creator = newCreator({ ...options, store: store.value })
  const close = (): Promise<void> => store.value.close()
  return ok({
    createCheckpoint: (...args) => creator.createCheckpoint(...args),
    getCheckpoint: (...args) => creator.getCheckpoint(...args),
    getCheckpoints: (...args) => creator.getCheckpoints(...args),
    getCheckpointChunk: (...args) => creator.getCheckpointChunk(...args),
    deleteCheckpoint: (...args) => creator.deleteCheckpoint(...args),
    close,
    [Symbol.asyncDispose]: close,
  })
}

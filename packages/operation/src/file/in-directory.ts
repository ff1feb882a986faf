import { statSync } from 'node:fs'
import { coreError, err, ok, quote, type AsyncResult, type CoreError } from '@tidemark/core'
import { FileBlobStore, nodeProcessProbe, type OpenFileError } from '@tidemark/core/file'
import type { OwnerOptions } from '../open-options.ts'

/** Opens the store of a directory; for reading only, nothing is made. */
export async function openDirectory(
  dir: string,
  mode: 'read' | 'write',
): AsyncResult<FileBlobStore, OpenFileError | CoreError<'OPEN_FAILED'>> {
  if (mode === 'read' && statSync(dir, { throwIfNoEntry: false }) === undefined) {
    const details = { what: 'directory', reason: 'it does not exist' }
    return err(coreError('OPEN_FAILED', `${quote(dir)}: ${details.reason}`, details))
  }
  const store = await FileBlobStore.open(dir)
  return store.ok ? ok(store.value) : store
}

/** The options of an owner, who knows the processes of this machine unless told otherwise. */
export function withProbe<O extends OwnerOptions>(options: O): O & Pick<OwnerOptions, 'probe'> {
  return { probe: nodeProcessProbe, ...options }
}

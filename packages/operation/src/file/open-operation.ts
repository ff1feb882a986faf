import { err, type AsyncResult, type CoreError } from '@tidemark/core'
import type { OpenFileError } from '@tidemark/core/file'
import { openRefusal, openWith } from '../open-operation.ts'
import type { OpenOptions, ReadOptions } from '../open-options.ts'
import type { OpenError, Operation, OperationReader } from '../operation.ts'
import type { PlainValue } from '../value/encode-value.ts'
import { openDirectory, withProbe } from './in-directory.ts'

/** Options of {@link openOperation} in a directory. */
export interface OpenDirectoryOptions<T> extends Omit<OpenOptions<T>, 'store'> {
  /** Made if need be. Several operations may share it. */
  readonly dir: string
}

/** Options of {@link openOperation} in a directory, for reading only. */
export interface ReadDirectoryOptions<T> extends Omit<ReadOptions<T>, 'store'> {
  /** Must exist. */
  readonly dir: string
}

/**
 * Opens an operation in a directory, as `openOperation` of `@tidemark/operation` does in a store.
 *
 * After `ok` from `checkpoint` it survives `kill -9` and a power cut. An owner that was killed is
 * replaced at once by the next one on the same machine.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { unwrap } from '@tidemark/core'
 * import { openOperation } from '@tidemark/operation/file'
 *
 * const op = unwrap(await openOperation({ dir: mkdtempSync('/tmp/op-'), name: 'import' }))
 * unwrap(await op.checkpoint('-1-of-3', new Uint8Array([48]))).seq // => 0
 * await op.close()
 */
export async function openOperation<T = PlainValue>(
  options: ReadDirectoryOptions<T>,
): AsyncResult<
  OperationReader<T>,
  OpenFileError | CoreError<'INVALID_IDENTIFIER' | 'INVALID_ARGUMENT'>
>
export async function openOperation<T = PlainValue>(
  options: OpenDirectoryOptions<T>,
): AsyncResult<Operation<T>, OpenFileError | OpenError>
export async function openOperation<T = PlainValue>(
  options: OpenDirectoryOptions<T> | ReadDirectoryOptions<T>,
): AsyncResult<Operation<T> | OperationReader<T>, OpenFileError | OpenError> {
  const refused = openRefusal(options)
  if (refused !== undefined) return err(refused)
  const store = await openDirectory(options.dir, options.mode ?? 'write')
  if (!store.ok) return store
  const place = { store: store.value }
  const full =
    options.mode === 'read' ? { ...options, ...place } : withProbe({ ...options, ...place })
  return openWith<T>(full, () => store.value.close())
}

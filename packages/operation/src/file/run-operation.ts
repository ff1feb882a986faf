import { err, type AsyncResult } from '@tidemark/core'
import type { OpenFileError } from '@tidemark/core/file'
import type { RunContext } from '../steps/run-context.ts'
import { runRefusal, runWith, type RunError, type RunOptions } from '../steps/run-operation.ts'
import type { PlainValue } from '../value/encode-value.ts'
import { openDirectory, withProbe } from './in-directory.ts'

/** Options of {@link runOperation} in a directory. */
export interface RunDirectoryOptions extends Omit<RunOptions, 'store'> {
  /** Made if need be. Several operations may share it. */
  readonly dir: string
}

/**
 * Runs named steps whose results lie in a directory; see `runOperation` of `@tidemark/operation`.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { unwrap } from '@tidemark/core'
 * import { runOperation } from '@tidemark/operation/file'
 *
 * const dir = mkdtempSync('/tmp/run-')
 * const run = () => runOperation({ dir, name: 'once' }, (ctx) => ctx.step('now', () => Date.now()))
 * unwrap(await run()) === unwrap(await run()) // => true
 */
export async function runOperation<R extends PlainValue | void>(
  options: RunDirectoryOptions,
  body: (ctx: RunContext) => Promise<R>,
): AsyncResult<R, OpenFileError | RunError> {
  const refused = runRefusal(options)
  if (refused !== undefined) return err(refused)
  const store = await openDirectory(options.dir, 'write')
  if (!store.ok) return store
  return runWith(withProbe({ ...options, store: store.value }), body, () => store.value.close())
}

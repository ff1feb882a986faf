import type { BlobInfo, PutError, PutOptions } from '../blob/blob-store.ts'
import { abortError } from '../blob/gate.ts'
import { coreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { FileSystem } from './file-system.ts'
import { systemFailure, systemName } from './system-failure.ts'

/** A body that lies, complete, under a temporary name beside its final one. */
export interface WrittenFile {
  readonly temporary: string
  readonly path: string
  readonly info: BlobInfo
}

/**
 * Gives a finished temporary file its final name: the moment at which a put takes effect.
 *
 * `link` refuses a name that exists and so makes `if: 'absent'`; `rename` replaces. After `ok` of a
 * link the temporary name is still there: taking it away can wait for the disk to be busy anyway.
 * After anything else it is gone, as far as the medium allows.
 */
export async function publish(
  fs: FileSystem,
  { temporary, path, info: { key } }: WrittenFile,
  options: PutOptions | undefined,
): AsyncResult<void, PutError> {
  const discard = (): Promise<void> => fs.unlink(temporary).catch(() => undefined)
  const aborted = abortError(options?.signal, 'put')
  if (aborted !== undefined) {
    await discard()
    return err(aborted)
  }
  try {
    if (options?.if !== 'absent') await fs.rename(temporary, path)
    else if (!(await linkNew(fs, temporary, path))) {
      await discard()
      return err(coreError('CONFLICT', `${key} exists already`, { key, reason: 'taken' }))
    }
    return ok()
  } catch (error) {
    await discard()
    return err(publishFailure(key, error))
  }
}

async function linkNew(fs: FileSystem, temporary: string, path: string): Promise<boolean> {
  try {
    await fs.link(temporary, path)
    return true
  } catch (error) {
    if (systemName(error) !== 'EEXIST') throw error
    // A network file system may repeat a link whose answer it lost, and meet its own work.
    const [ours, theirs] = await Promise.all([fs.stat(temporary), fs.stat(path)])
    return ours.identity === theirs.identity
  }
}

/** Answers by which the kernel says that nothing was done. After any other, nobody knows. */
const REFUSALS = new Set([
  'EACCES',
  'EBUSY',
  'EDQUOT',
  'EISDIR',
  'ELOOP',
  'EMLINK',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOMEM',
  'ENOSPC',
  'ENOTDIR',
  'ENOTEMPTY',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EPERM',
  'EROFS',
  'EXDEV',
])

/** Refusals of `link` by file systems that have no hard links. */
const NO_LINKS = new Set(['EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM'])

function publishFailure(key: string, cause: unknown): PutError {
  const system = systemName(cause) ?? ''
  if (NO_LINKS.has(system)) {
    const message = `put of ${key}: this file system refuses hard links (${system}); use another`
    return coreError('UNSUPPORTED', message, { feature: 'hard links' }, cause)
  }
  if (REFUSALS.has(system)) return systemFailure('put', key, cause)
  const message = `put of ${key} may or may not have happened; read it back`
  const details = { operation: 'put', key, reason: 'no-answer' } as const
  return coreError('OUTCOME_UNKNOWN', message, details, cause)
}

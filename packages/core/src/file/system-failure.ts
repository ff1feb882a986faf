import { coreError, type CoreError, type CoreErrors } from '../result/core-errors.ts'
import { attempt, type AsyncResult } from '../result/result.ts'
import type { SystemError } from './file-system.ts'

/** What a platform's error means to a caller. */
type Meaning = 'no-space' | NonNullable<CoreErrors['IO_FAILED']['reason']> | undefined

const BY_NAME: Readonly<Record<string, Meaning>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'read-only',
  ELOOP: 'symlink',
  EMFILE: 'too-many-open',
  ENFILE: 'too-many-open',
}

/** Errors that arrive without a name, only a number: EDQUOT and ESTALE on Linux and macOS. */
const BY_NUMBER: Readonly<Record<number, string>> = {
  [-122]: 'EDQUOT',
  [-69]: 'EDQUOT',
  [-116]: 'ESTALE',
  [-70]: 'ESTALE',
}

const REMEDY: Readonly<Record<NonNullable<Meaning>, string>> = {
  'no-space': 'free space or raise the quota, then repeat the call',
  permission: 'give this user the right to write there',
  'read-only': 'the file system is read-only: remount it, or choose another place',
  symlink: 'a symbolic link stands where a file or directory of the store belongs',
  'sync-failed': 'check the disk, then open the store again',
  'too-many-open': 'raise the limit of open files, or do less at once',
}

/** The name of a platform's error: `ENOSPC`. */
export function systemName(error: unknown): string | undefined {
  if (!isSystemError(error)) return undefined
  const named = error.code !== undefined && /^E[A-Z0-9]+$/.test(error.code)
  if (named) return error.code
  return error.errno === undefined ? error.code : (BY_NUMBER[error.errno] ?? `errno ${error.errno}`)
}

/** A sync that failed. Final: the kernel may report success for the lost bytes next time. */
export class SyncFailure extends Error {
  constructor(cause: unknown) {
    super('a directory could not be synced', { cause })
  }
}

/** Runs calls of the file system; what they reject with becomes a typed error. */
export function attemptSystem<T>(
  operation: string,
  key: string | undefined,
  calls: () => Promise<T>,
): AsyncResult<T, CoreError<'IO_FAILED' | 'NO_SPACE'>> {
  return attempt(calls, (cause) => systemFailure(operation, key, cause))
}

/** Turns what a call of the file system rejected with into the error that a caller sees. */
export function systemFailure(
  operation: string,
  key: string | undefined,
  cause: unknown,
): CoreError<'IO_FAILED' | 'NO_SPACE'> {
  const sync = cause instanceof SyncFailure
  const system = systemName(sync ? cause.cause : cause)
  const meaning = sync ? 'sync-failed' : system === undefined ? undefined : BY_NAME[system]
  const where = key === undefined ? '' : ` of ${key}`
  const remedy = meaning === undefined ? 'check the disk, then repeat the call' : REMEDY[meaning]
  const message = `${operation}${where} failed (${system ?? 'unknown error'}): ${remedy}`
  const details = {
    operation,
    ...(key === undefined ? {} : { key }),
    ...(system === undefined ? {} : { system }),
  }
  if (meaning === 'no-space') return coreError('NO_SPACE', message, details, cause)
  const reason = meaning === undefined ? {} : { reason: meaning }
  return coreError('IO_FAILED', message, { ...details, ...reason }, cause)
}

function isSystemError(value: unknown): value is SystemError {
  return value instanceof Error && ('code' in value || 'errno' in value)
}

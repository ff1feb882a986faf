import type { SystemError } from '../../file/file-system.ts'

/** Linux's numbers and words for the errors that a file system gives. */
const ERRORS = {
  EPERM: [1, 'operation not permitted'],
  ENOENT: [2, 'no such file or directory'],
  EINTR: [4, 'interrupted system call'],
  EIO: [5, 'i/o error'],
  EBADF: [9, 'bad file descriptor'],
  EAGAIN: [11, 'resource temporarily unavailable'],
  ENOMEM: [12, 'not enough memory'],
  EACCES: [13, 'permission denied'],
  EBUSY: [16, 'resource busy or locked'],
  EEXIST: [17, 'file already exists'],
  EXDEV: [18, 'cross-device link not permitted'],
  ENOTDIR: [20, 'not a directory'],
  EISDIR: [21, 'illegal operation on a directory'],
  EINVAL: [22, 'invalid argument'],
  ENFILE: [23, 'file table overflow'],
  EMFILE: [24, 'too many open files'],
  EFBIG: [27, 'file too large'],
  ENOSPC: [28, 'no space left on device'],
  EROFS: [30, 'read-only file system'],
  EMLINK: [31, 'too many links'],
  ENAMETOOLONG: [36, 'name too long'],
  ENOTEMPTY: [39, 'directory not empty'],
  ELOOP: [40, 'too many symbolic links encountered'],
  ENOTSUP: [95, 'operation not supported on socket'],
  ETIMEDOUT: [110, 'connection timed out'],
} as const

/** The errors that have a name on the platform. */
export type ErrorName = keyof typeof ERRORS

/** An error by its name, or, as for `EDQUOT` (122) and `ESTALE` (116), only by its number. */
export type ErrorId = ErrorName | number

/** What opening can fail with, and syncing what is open cannot: nothing was synced, or lost. */
const OPEN_ERRORS: ReadonlySet<ErrorId> = new Set<ErrorId>([
  'EPERM',
  'ENOENT',
  'ENOMEM',
  'EACCES',
  'ENOTDIR',
  'ENFILE',
  'EMFILE',
  'ELOOP',
])

/** Whether a call that opens a path by itself never came further with this error. */
export function openRefuses(error: ErrorId): boolean {
  return OPEN_ERRORS.has(error)
}

/** What the failed call was about, for the message. */
interface Failed {
  readonly call: string
  readonly path?: string
  readonly to?: string
}

/** Makes what the platform would reject with: `code` and a negative `errno`. */
export function systemError(id: ErrorId, failed?: Failed): SystemError {
  const where = [failed?.path, failed?.to].filter((path) => path !== undefined)
  const about = failed ? `, ${failed.call} ${where.map((path) => `'${path}'`).join(' -> ')}` : ''
  if (typeof id === 'number') {
    const message = `Unknown system error ${-id}: Unknown system error ${-id}${about}`
    return Object.assign(new Error(message), { errno: -id })
  }
  const [number, words] = ERRORS[id]
  return Object.assign(new Error(`${id}: ${words}${about}`), { code: id, errno: -number })
}

/** Which error the kernel gave; `undefined` for what is not an error of the kernel. */
export function errorIdOf(thrown: unknown): ErrorId | undefined {
  if (!(thrown instanceof Error) || !('errno' in thrown)) return undefined
  if ('code' in thrown && isErrorName(thrown.code)) return thrown.code
  return typeof thrown.errno === 'number' ? -thrown.errno : undefined
}

function isErrorName(code: unknown): code is ErrorName {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code)
}

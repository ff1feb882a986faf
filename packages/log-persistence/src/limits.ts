import { coreError, type CoreError } from '@tidemark/core'
import { invalidArgument } from './errors.ts'

/** The longest log id, in UTF-8 bytes: origins are host names with a path. */
export const MAX_LOG_ID_BYTES = 512

/** Room for a checkpoint with a hundred post-quantum signature lines of 3.3 kB. */
export const MAX_VALUE_BYTES: number = 1024 * 1024

/** Below this a store could not hold what witnesses exchange. */
const MIN_MAX_VALUE_BYTES = 64 * 1024

const utf8 = new TextEncoder()

/** The error for a string that cannot name a log, or `undefined`. */
export function logIdError(logId: string): CoreError<'INVALID_IDENTIFIER'> | undefined {
  const reason = fault(logId)
  if (reason === undefined) return undefined
  const message = `this log id is ${reason}; use 1 to ${MAX_LOG_ID_BYTES} bytes of Unicode`
  return coreError('INVALID_IDENTIFIER', message, { what: 'identifier', reason })
}

function fault(logId: string): 'empty' | 'too-long' | 'malformed' | undefined {
  if (typeof logId !== 'string') return 'malformed'
  if (logId.length === 0) return 'empty'
  if (logId.length > MAX_LOG_ID_BYTES) return 'too-long'
  if (!logId.isWellFormed()) return 'malformed'
  // A code unit is at most three bytes.
  if (logId.length * 3 <= MAX_LOG_ID_BYTES) return undefined
  return utf8.encode(logId).length > MAX_LOG_ID_BYTES ? 'too-long' : undefined
}

/** The error for bytes that cannot be a checkpoint, or `undefined`. */
export function valueError(
  bytes: unknown,
  maxBytes: number,
): CoreError<'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED'> | undefined {
  if (!(bytes instanceof Uint8Array)) return invalidArgument('bytes', 'must be a Uint8Array')
  if (bytes.length === 0) return invalidArgument('bytes', 'must not be empty')
  if (bytes.length <= maxBytes) return undefined
  const details = { limit: 'maxValueBytes', maximum: maxBytes, actual: bytes.length }
  return coreError('LIMIT_EXCEEDED', `a checkpoint holds up to ${maxBytes} bytes`, details)
}

/** The error for a revision that cannot be followed by another, or `undefined`. */
export function revisionError(revision: number): CoreError<'INVALID_ARGUMENT'> | undefined {
  const fits = Number.isSafeInteger(revision) && revision >= 0 && revision < Number.MAX_SAFE_INTEGER
  return fits ? undefined : invalidArgument('expectedRevision', 'must be 0 or a revision')
}

/** Checks the limit a caller gives. */
export function maxValueBytes(given: number | undefined): number {
  const bytes = given ?? MAX_VALUE_BYTES
  if (Number.isSafeInteger(bytes) && bytes >= MIN_MAX_VALUE_BYTES) return bytes
  throw new TypeError(`maxValueBytes must be at least ${MIN_MAX_VALUE_BYTES}`)
}

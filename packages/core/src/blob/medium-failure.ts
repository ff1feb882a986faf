import { coreError } from '../result/core-errors.ts'
import { isTidemarkError, type CheckpointError } from '../result/error.ts'
import type { CallOptions, PutError, ReadError } from './blob-store.ts'
import { abortError } from './gate.ts'

/** What a medium may throw as it is, because it is what the caller's call may give. */
const READ_CODES: readonly string[] = [
  'INVALID_ARGUMENT',
  'IO_FAILED',
  'NO_SPACE',
  'CONFLICT',
  'ABORTED',
  'CLOSED',
  'LIMIT_EXCEEDED',
] satisfies readonly ReadError['code'][]

const PUT_CODES: readonly string[] = [
  ...READ_CODES,
  ...(['OUTCOME_UNKNOWN', 'UNSUPPORTED'] satisfies readonly PutError['code'][]),
]

/** What a call of a medium that changes nothing threw, as the error that its caller sees. */
export function readFailure(
  operation: string,
  key: string | undefined,
  thrown: unknown,
  options: CallOptions | undefined,
): ReadError {
  if (isOneOf<ReadError>(thrown, READ_CODES)) return thrown
  const aborted = abortError(options?.signal, operation)
  if (aborted !== undefined) return aborted
  const where = key === undefined ? '' : ` of ${key}`
  const details = { operation, ...(key === undefined ? {} : { key }) }
  const message = `${operation}${where} failed: the cause is what the medium said`
  return coreError('IO_FAILED', message, details, thrown)
}

/** What a create or replace threw: unless it says so itself, nobody knows what it has done. */
export function writeFailure(
  key: string,
  thrown: unknown,
  options: CallOptions | undefined,
): PutError {
  if (isOneOf<PutError>(thrown, PUT_CODES)) return thrown
  const aborted = abortError(options?.signal, 'put', 'unknown')
  if (aborted !== undefined) return aborted
  const details = { operation: 'put', key, reason: 'no-answer' } as const
  const message = `put of ${key} may or may not have been stored: read back, or repeat it`
  return coreError('OUTCOME_UNKNOWN', message, details, thrown)
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the codes say which
function isOneOf<E extends CheckpointError>(
  thrown: unknown,
  codes: readonly string[],
): thrown is E {
  return isTidemarkError(thrown) && codes.includes(thrown.code)
}

import { coreError, type CoreError } from '../result/core-errors.ts'

/** The error for a signal that has fired, or `undefined`. */
export function abortError(
  signal: AbortSignal | undefined,
  operation: string,
  committed: false | 'unknown' = false,
): CoreError<'ABORTED'> | undefined {
  if (signal?.aborted !== true) return undefined
  const details = { operation, committed }
  return coreError('ABORTED', `${operation} was aborted by its signal`, details, signal.reason)
}

/** The error for a handle that was closed. */
export function closedError(what: string): CoreError<'CLOSED'> {
  return coreError('CLOSED', `this ${what} is closed; open it again`, { what, reason: 'closed' })
}

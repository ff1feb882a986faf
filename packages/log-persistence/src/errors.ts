import { coreError, quote, type CoreError } from '@tidemark/core'
import { logPersistenceError, type LogPersistenceError } from './log-persistence-errors.ts'
import type { Snapshot } from './log-persistence.ts'

/** Somebody else was first. `current` is what is stored now, when the store could tell. */
export type ConflictError = CoreError<'CONFLICT'> & { readonly current: Snapshot | undefined }

/** Why a store cannot be prepared. */
export type InitError =
  | CoreError<
      'OPEN_FAILED' | 'UNSUPPORTED_VERSION' | 'UNSUPPORTED' | 'IO_FAILED' | 'NO_SPACE' | 'CORRUPTED'
    >
  | CoreError<'CLOSED' | 'ABORTED' | 'OUTCOME_UNKNOWN' | 'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED'>
  | CoreError<'ROLLBACK_DETECTED'>
  | LogPersistenceError<'BUSY'>

/** Why a log cannot be read. */
export type ReadError = InitError | CoreError<'INVALID_IDENTIFIER'>

/** Why a checkpoint was not stored, or may not have been. */
export type ReplaceError = ReadError | ConflictError

/** Why an update did not happen, or may not have. */
export type UpdateError = ReplaceError | LogPersistenceError<'CALLBACK_FAILED'>

/** The error for a state that is no longer the expected one. */
export function conflict(
  logId: string,
  expected: number,
  current: Snapshot | undefined,
): ConflictError {
  const stored = (revision: number): number | 'absent' => (revision === 0 ? 'absent' : revision)
  const actual = current === undefined ? {} : { actual: stored(current.revision) }
  const message = `${quote(logId)} is not at revision ${expected} any more: somebody else was first`
  const details = {
    identifier: logId,
    expected: stored(expected),
    ...actual,
    reason: 'changed' as const,
  }
  return Object.assign(coreError('CONFLICT', message, details), { current })
}

/** The error for something that is closed. */
export function closed(what: string, reason: 'closed' | 'spent' | 'failed'): CoreError<'CLOSED'> {
  const how = { closed: 'is closed', spent: 'has been used', failed: 'has failed' }[reason]
  return coreError('CLOSED', `this ${what} ${how}; open a new one`, { what, reason })
}

/** The error for a signal that fired before anything was written. */
export function aborted(operation: string, cause: unknown): CoreError<'ABORTED'> {
  const message = `${operation} was aborted by its signal; nothing was written`
  return coreError('ABORTED', message, { operation, committed: false }, cause)
}

/** The error for a write whose fate cannot be established. */
export function outcomeUnknown(
  logId: string,
  reason: 'no-answer' | 'superseded' | 'sync-failed' | 'aborted',
  cause?: unknown,
): CoreError<'OUTCOME_UNKNOWN'> {
  const message = `whether ${quote(logId)} was replaced is unknown; read it before you act`
  return coreError('OUTCOME_UNKNOWN', message, { operation: 'replace', key: logId, reason }, cause)
}

/** The error for a stored checkpoint that is not what was written. The log is frozen. */
export function damaged(logId: string, reason: string, cause?: unknown): CoreError<'CORRUPTED'> {
  const message = `the stored checkpoint of ${quote(logId)} is damaged: ${reason}; restore it`
  return coreError('CORRUPTED', message, { what: 'checkpoint', identifier: logId, reason }, cause)
}

/** The error for others that were in the way for too long. */
export function busy(
  operation: string,
  reason: string,
  cause?: unknown,
): LogPersistenceError<'BUSY'> {
  const message = `${operation} waited for others for too long (${reason}); nothing was written`
  return logPersistenceError('BUSY', message, { operation, reason }, cause)
}

/** The error for a database that gave no answer. Nothing was written. */
export function unreachable(operation: string, cause: unknown): CoreError<'IO_FAILED'> {
  const message = `the database gave no answer to ${operation}; nothing was written`
  return coreError('IO_FAILED', message, { operation }, cause)
}

/** The error for an argument out of its range. */
export function invalidArgument(argument: string, reason: string): CoreError<'INVALID_ARGUMENT'> {
  return coreError('INVALID_ARGUMENT', `${argument} ${reason}`, { argument, reason })
}

/** The error for a place that is not what was asked for. */
export function openFailed(
  what: string,
  reason: string,
  cause?: unknown,
): CoreError<'OPEN_FAILED'> {
  const message = `the ${what} cannot be opened: ${reason}`
  return coreError('OPEN_FAILED', message, { what, reason }, cause)
}

import type { AppendError, CoreError } from '@tidemark/core'
import { busy, type InitError } from '../errors.ts'

/** The errors of a commit log as this package's: a log that never held still is a busy one. */
export function fromLog(error: AppendError): Exclude<InitError, CoreError<'OPEN_FAILED'>> {
  if (error.code !== 'CONFLICT') return error
  return busy('read', 'the log was truncated again and again', error)
}

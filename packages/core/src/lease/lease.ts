import type { CallOptions } from '../blob/blob-store.ts'
import type { AppendError, Damage, LogRecord, Seq } from '../log/commit-log.ts'
import type { CoreError } from '../result/core-errors.ts'
import type { AsyncResult } from '../result/result.ts'

/** Why a lease was not acquired. */
export type AcquireError = AppendError | CoreError<'LOCKED'>

/** Why an owner could not append. */
export type OwnerAppendError = AppendError | CoreError<'FENCED'>

/** An owner that was there before. */
export interface Predecessor {
  /** For people: a host name and a process number. */
  readonly label: string
  readonly epoch: Seq
}

/**
 * The right to append to one log, fenced by the log itself.
 *
 * The owner record is a record of the log it guards, and its number is the epoch. Taking over is
 * appending another: a displaced owner's next append finds its number taken and is `FENCED`,
 * however long it slept. Clocks only decide when to try, never who wins.
 */
export interface Lease extends AsyncDisposable {
  /** The number of the owner record. Rises with every owner. */
  readonly epoch: Seq
  /** The newest record: the owner record at first, then the last append. */
  readonly newest: LogRecord
  /** The newest whole record before the owner record, if there was one. */
  readonly found: LogRecord | undefined
  /**
   * The owner before, if it ended or fell silent without letting go. Not known, and not asked for,
   * with `takeover: 'always'`.
   */
  readonly takenOverFrom: Predecessor | undefined
  /** Damaged records that were stepped over to acquire the lease, newest first. */
  readonly skipped: readonly Damage[]
  /** Fires when the lease is known to be lost, with the error as its reason. */
  readonly lost: AbortSignal

  /**
   * Appends after the newest record. One at a time, in the order of the calls.
   *
   * `FENCED`: another owner has taken over, nothing was written. `OUTCOME_UNKNOWN`: the record may
   * exist; this lease is over, acquire again and look.
   */
  append(record: Uint8Array, options?: CallOptions): AsyncResult<LogRecord, OwnerAppendError>

  /** Lets go, so that the next owner need not wait. Safe to repeat. */
  close(): Promise<void>
}

import type { CallOptions } from '../blob/blob-store.ts'
import type { CoreError } from '../result/core-errors.ts'
import type { AsyncResult } from '../result/result.ts'

/** The number of a record: 1, 2, 3 … A number is used once, for ever. */
export type Seq = number

declare const tipBrand: unique symbol

/**
 * The place after which a record can be appended. It is only ever received from the log: what has
 * not been read or written cannot be built on.
 */
export interface Tip {
  readonly seq: Seq
  /** SHA-256 of the record, 64 lower-case hex digits. The next record repeats it. */
  readonly digest: string
  readonly [tipBrand]: true
}

/** A record as it was read. Also a {@link Tip}. */
export interface LogRecord extends Tip {
  readonly payload: Uint8Array
  /** The number of the owner record under which this was appended; 0 without an owner. */
  readonly epoch: Seq
}

/** Why a log cannot be read. */
export type LogReadError = CoreError<
  | 'CORRUPTED'
  | 'UNSUPPORTED_VERSION'
  | 'IO_FAILED'
  | 'NO_SPACE'
  | 'CONFLICT'
  | 'ABORTED'
  | 'CLOSED'
  | 'INVALID_ARGUMENT'
  | 'LIMIT_EXCEEDED'
>

/** Why a record was not appended, or may not have been. */
export type AppendError = LogReadError | CoreError<'OUTCOME_UNKNOWN' | 'UNSUPPORTED'>

/** A number whose record is damaged: it keeps its number and is stepped over, never re-used. */
export interface Damage {
  readonly seq: Seq
  readonly error: CoreError<'CORRUPTED' | 'UNSUPPORTED_VERSION'>
}

/** The newest whole record when newer ones are damaged, and where to go on. */
export interface Salvage {
  /** The newest whole record, if any. */
  readonly record: LogRecord | undefined
  /** Where the next record goes: after the damaged ones. */
  readonly tip: Tip | undefined
  /** The damaged records that were stepped over, newest first. */
  readonly skipped: readonly Damage[]
}

/** Options of {@link CommitLog.append}. */
export interface AppendOptions extends CallOptions {
  /** The owner record this is written under, or `'self'` when this record is one. */
  readonly epoch?: Seq | 'self'
}

/** Options of {@link CommitLog.records}. */
export interface RecordsOptions extends CallOptions {
  readonly after?: Seq
  readonly reverse?: boolean
  readonly limit?: number
  /** Called for each damaged record, which is then stepped over. Default: throw its error. */
  readonly onDamage?: (damage: Damage) => void
}

/** Options of {@link CommitLog.truncate}. */
export interface TruncateOptions extends CallOptions {
  /** Older records to keep: live ones, or what the last truncation kept. */
  readonly keep?: readonly Seq[]
  /** Also when fewer than 64 records would be freed. */
  readonly force?: boolean
}

/** What a truncation or a sweep did. */
export interface TruncateReport {
  /** Records from here to the newest are live. */
  readonly before: Seq
  /** The numbers that became void, ascending. */
  readonly freed: readonly Seq[]
  /** How many void records could not be deleted yet: `sweep` tries again. */
  readonly left: number
}

/**
 * Numbered create-only records under one prefix: the protocol that every capability shares.
 *
 * Of any number of writers after the same tip, exactly one gets `ok`. An acknowledged record stays
 * the newest or has a successor, for ever. One reader's `latest` never goes back.
 *
 * @example
 * import { blobCommitLog, MemoryBlobStore, unwrap } from '@tidemark/core'
 *
 * const log = blobCommitLog(new MemoryBlobStore(), 'log/job.')
 * const first = unwrap(await log.append(undefined, new Uint8Array([1])))
 * const late = await log.append(undefined, new Uint8Array([2]))
 * late.ok // => false
 * unwrap(await log.latest())?.seq === first.seq // => true
 */
export interface CommitLog {
  /**
   * Creates the record after `after` (`undefined`: the very first). After `ok` it is durable, is
   * the newest, and no other writer can ever hold its number.
   *
   * `CONFLICT`: the number is taken; read `latest` and decide again. `OUTCOME_UNKNOWN`: the record
   * may exist (`no-answer`), or the log has been truncated past it meanwhile (`superseded`).
   */
  append(
    after: Tip | undefined,
    record: Uint8Array,
    options?: AppendOptions,
  ): AsyncResult<LogRecord, AppendError>

  /**
   * The newest record; `undefined` if there never was one. `CORRUPTED` when the newest is damaged:
   * `details.lastGoodSeq` names the newest whole one, and {@link CommitLog.salvage} gives both.
   */
  latest(options?: CallOptions): AsyncResult<LogRecord | undefined, LogReadError>

  /** The newest whole record, and the tip to append after although newer records are damaged. */
  salvage(options?: CallOptions): AsyncResult<Salvage, LogReadError>

  /** The record of a number; `undefined` when it does not exist or was truncated away. */
  read(seq: Seq, options?: CallOptions): AsyncResult<LogRecord | undefined, LogReadError>

  /** The records there are, oldest first unless `reverse`. Throws a {@link LogReadError}. */
  records(options?: RecordsOptions): AsyncIterable<LogRecord>

  /**
   * Gives up the records below `before` but for `keep` (and the owner of the newest, which is
   * always kept). After `ok` they are void for every reader, whatever was deleted. Does nothing
   * when fewer than 64 records would be freed, unless `force`, or when the log has been truncated
   * further already. Never gives up the newest.
   */
  truncate(before: Seq, options?: TruncateOptions): AsyncResult<TruncateReport, AppendError>

  /** Deletes void records that a crash or a late writer left behind. Lists the prefix. */
  sweep(options?: CallOptions): AsyncResult<TruncateReport, LogReadError>
}

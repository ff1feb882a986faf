import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { attempt, err, ok, type AsyncResult } from '../result/result.ts'
import { thrownError } from '../result/thrown.ts'
import type {
  AppendError,
  LogReadError,
  LogRecord,
  Seq,
  TruncateOptions,
  TruncateReport,
} from './commit-log.ts'
import type { SettleOptions } from './create-once.ts'
import { counts, planFloor } from './floor.ts'
import type { Floors } from './floors.ts'
import { recordKey, recordSeq } from './log-keys.ts'

/** A truncation costs a durable put: below this it frees too little. */
const MIN_FREED = 64

/** So many keys go to the medium at once: what S3 takes in one request. */
const DELETE_BATCH = 1000

/** Whoever truncates that often while we look is not worth chasing. */
export const MAX_ROUNDS = 100

/** What the parts of one log share. */
export interface LogParts {
  readonly store: BlobStore
  readonly prefix: string
  readonly floors: Floors
  readonly settle: SettleOptions
}

/** `CommitLog.truncate`: first the floor, the commit point; then the deletions, in any order. */
export async function truncateLog(
  log: LogParts,
  latest: () => AsyncResult<LogRecord | undefined, LogReadError>,
  before: Seq,
  options?: TruncateOptions,
): AsyncResult<TruncateReport, AppendError> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const newest = await latest()
    if (!newest.ok) return newest
    const current = log.floors.known
    const nothing = { before: current.before, freed: [], left: 0 }
    if (newest.value === undefined) return ok(nothing)
    const plan = planFloor(current, newest.value, before, options?.keep ?? [])
    if (!plan.ok) return plan
    const { floor, freed } = plan.value
    if (freed.length < (options?.force === true ? 1 : MIN_FREED)) return ok(nothing)
    const raised = await log.floors.raise(floor, log.settle, options)
    if (!raised.ok) return raised
    // Somebody else truncated: what they kept and freed decides what is left to do.
    if (!raised.value) continue
    const left = await deleteRecords(log, freed)
    return left.ok ? ok({ before: floor.before, freed, left: left.value }) : left
  }
  return err(restlessError())
}

/** `CommitLog.sweep`: what lies below the floor and is not kept, whoever left it. */
export async function sweepLog(
  log: LogParts,
  options?: CallOptions,
): AsyncResult<TruncateReport, LogReadError> {
  const floor = await log.floors.current(options)
  if (!floor.ok) return floor
  const listed = await attempt(
    async () => {
      const found: Seq[] = []
      for await (const { key } of log.store.list({ ...options, prefix: `${log.prefix}r` })) {
        const seq = recordSeq(log.prefix, key)
        if (seq !== undefined && !counts(floor.value, seq)) found.push(seq)
      }
      return found.sort((a, b) => a - b)
    },
    thrownError<LogReadError>,
  )
  if (!listed.ok) return listed
  const left = await deleteRecords(log, listed.value)
  if (!left.ok) return left
  return ok({ before: floor.value.before, freed: listed.value, left: left.value })
}

async function deleteRecords(
  log: LogParts,
  seqs: readonly Seq[],
): AsyncResult<number, LogReadError> {
  let left = 0
  for (let i = 0; i < seqs.length; i += DELETE_BATCH) {
    const keys = seqs.slice(i, i + DELETE_BATCH).map((seq) => recordKey(log.prefix, seq))
    // Without a signal: what the floor gave up is void, and better gone.
    const deleted = await log.store.delete(keys)
    if (!deleted.ok) return deleted
    left += deleted.value.failed.length
  }
  return ok(left)
}

/** The error for a log that never held still. */
export function restlessError(): CoreError<'CONFLICT'> {
  const message = `the log was truncated ${MAX_ROUNDS} times while it was read; try again`
  return coreError('CONFLICT', message, { reason: 'changed' })
}

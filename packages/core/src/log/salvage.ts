import type { CallOptions } from '../blob/blob-store.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import type { Damage, LogReadError, Salvage, Seq, Tip } from './commit-log.ts'
import type { Floor } from './floor.ts'
import type { LogBlobs } from './log-blobs.ts'
import { recordOf } from './log-record.ts'

/**
 * Steps back from the newest number to the newest whole record. Costs one read for each damaged
 * record, however long the log is.
 */
export async function salvage(
  blobs: LogBlobs,
  newest: Seq,
  floor: Floor,
  options?: CallOptions,
): AsyncResult<Salvage, LogReadError> {
  const skipped: Damage[] = []
  let tip: Tip | undefined
  for (const seq of downwards(newest, floor)) {
    const found = await blobs.record(seq, true, options)
    if (!found.ok) return found
    if (found.value === undefined) {
      skipped.push({ seq, error: missingError(seq) })
      continue
    }
    if ('frame' in found.value) {
      const record = recordOf(found.value.frame)
      return ok({ record, tip: tip ?? record, skipped })
    }
    tip ??= found.value.tip
    skipped.push({ seq, error: found.value.error })
  }
  return ok({ record: undefined, tip, skipped })
}

function missingError(seq: Seq): CoreError<'CORRUPTED'> {
  const reason = 'it is missing'
  return coreError('CORRUPTED', `record ${seq} is missing`, { what: 'record', reason, seq })
}

function* downwards(newest: Seq, floor: Floor): Iterable<Seq> {
  for (let seq = newest; seq >= floor.before; seq--) yield seq
  yield* floor.keep.toReversed()
}

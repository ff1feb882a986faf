import { ok, type AsyncResult, type Result, type Seq } from '@tidemark/core'
import type { OperationLog, Standing } from '../log/operation-log.ts'
import type { RecordWriter } from '../owner/record-writer.ts'
import type { ReadFailure, WriteError } from '../operation.ts'
import type { Entry, OperationRecord, StepEntry } from '../record/record.ts'

/**
 * Folding repeats the step entries of many small records in one, so that resuming reads a few
 * large records instead of every small one.
 */

/** The step entries of a record. */
export function stepEntriesOf(entries: readonly Entry[]): StepEntry[] {
  return entries.filter((entry) => entry.kind !== 'checkpoint' && entry.kind !== 'outcome')
}

/** The folds that count, ascending. */
export async function liveFolds(
  log: OperationLog,
  { head, base }: Standing,
): AsyncResult<readonly Seq[], ReadFailure> {
  if (head.fold === 0) return ok([])
  if (head.fold <= head.base) return ok(base.folds)
  const record = await log.read(head.fold)
  if (!record.ok) return record
  return ok([...(record.value?.folds ?? []), head.fold])
}

/** So many records are asked for at once: hides the latency of a far medium, bounds memory. */
const BATCH = 8

/** Walks the records since the last fold, or the base, oldest first; owners' are `undefined`. */
export async function* recordsSinceFold(
  log: OperationLog,
  { head, seq: newest }: Standing,
): AsyncIterable<readonly [Seq, Result<OperationRecord | undefined, ReadFailure>]> {
  for (let seq = Math.max(head.fold, head.base) + 1; seq <= newest; seq += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, newest - seq + 1) }, (_, i) => seq + i)
    const read = await Promise.all(batch.map((one) => log.read(one)))
    for (const [i, record] of read.entries()) yield [seq + i, record]
  }
}

/** Appends a fold of these entries. For jobs of the writer only. */
export async function appendFold(
  writer: RecordWriter,
  log: OperationLog,
  entries: readonly StepEntry[],
  evenEmpty = false,
): AsyncResult<Seq, ReadFailure | WriteError> {
  const { standing } = writer
  if (standing === undefined || (entries.length === 0 && !evenEmpty)) {
    return ok(standing?.head.fold ?? 0)
  }
  const folds = await liveFolds(log, standing)
  if (!folds.ok) return folds
  const { nextSeq, steps } = standing.head
  const written = await writer.append({ head: { nextSeq, steps }, folds: folds.value, entries })
  return written.ok ? ok(written.value.seq) : written
}

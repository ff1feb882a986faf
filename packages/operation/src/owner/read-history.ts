import { coreError, unwrap, type Damage, type Result, type Seq } from '@tidemark/core'
import type { OperationLog, Standing } from '../log/operation-log.ts'
import type { CheckpointRef, HistoryOptions, ReadFailure } from '../operation.ts'
import { checkpointsOf, type OperationRecord } from '../record/record.ts'
import { readAt, refOf } from './read-checkpoint.ts'

/** So many records are asked for at once: hides the latency of a far medium, bounds memory. */
const BATCH = 8

/** The checkpoints of an operation as it stands when the walk begins. */
export async function* readHistory(
  log: OperationLog,
  options: HistoryOptions = {},
): AsyncIterable<CheckpointRef> {
  const { standing, skipped } = unwrap(await log.look(options))
  for (const damage of skipped) report(damage, options)
  let left = options.limit ?? Infinity
  if (standing === undefined || left <= 0) return
  for await (const ref of all(log, standing, options)) {
    if (!isAsked(ref, options)) continue
    yield ref
    if ((left -= 1) <= 0) return
  }
}

async function* all(
  log: OperationLog,
  standing: Standing,
  options: HistoryOptions,
): AsyncIterable<CheckpointRef> {
  if (options.reverse === true) {
    yield* sinceBase(log, standing, options)
    yield* keptByBase(log, standing, options)
  } else {
    yield* keptByBase(log, standing, options)
    yield* sinceBase(log, standing, options)
  }
}

async function* keptByBase(
  log: OperationLog,
  standing: Standing,
  options: HistoryOptions,
): AsyncIterable<CheckpointRef> {
  const { kept } = standing.base
  for (const { at } of options.reverse === true ? kept.toReversed() : kept) {
    const found = await readAt(log, standing, at, options)
    const stored = undamaged(found, at.record, options)
    if (stored !== undefined) yield stored.ref
  }
}

async function* sinceBase(
  log: OperationLog,
  standing: Standing,
  options: HistoryOptions,
): AsyncIterable<CheckpointRef> {
  if (standing.head.nextSeq === standing.base.firstSeq) return
  for (const batch of batches(standing, options.reverse === true)) {
    const read = await Promise.all(batch.map((seq) => log.read(seq, options)))
    for (const [i, result] of read.entries()) {
      const seq = batch[i] ?? 0
      const record = undamaged(result, seq, options)
      if (record === undefined || record.head.incarnation !== standing.head.incarnation) continue
      yield* refsOf(standing, seq, record, options.reverse === true)
    }
  }
}

function* refsOf(
  standing: Standing,
  record: Seq,
  content: OperationRecord,
  reverse: boolean,
): Iterable<CheckpointRef> {
  const found = [...checkpointsOf(content)]
  for (const { entry, index, seq } of reverse ? found.toReversed() : found) {
    yield refOf(standing, entry, { record, index }, seq)
  }
}

function* batches({ seq: newest, head }: Standing, reverse: boolean): Iterable<Seq[]> {
  const count = newest - head.base
  for (let done = 0; done < count; done += BATCH) {
    const size = Math.min(BATCH, count - done)
    yield Array.from({ length: size }, (_, i) =>
      reverse ? newest - done - i : head.base + 1 + done + i,
    )
  }
}

function undamaged<T>(
  result: Result<T, ReadFailure>,
  seq: Seq,
  options: HistoryOptions,
): T | undefined {
  if (result.ok) return result.value
  const { error } = result
  if (error.code !== 'CORRUPTED' && error.code !== 'UNSUPPORTED_VERSION') throw error
  report({ seq, error }, options)
  return undefined
}

function report(damage: Damage, { onDamage }: HistoryOptions): void {
  if (onDamage === undefined) throw damage.error
  onDamage(damage)
}

function isAsked({ seq, label }: CheckpointRef, options: HistoryOptions): boolean {
  const { after, reverse } = options
  if (options.label !== undefined && options.label !== label) return false
  if (after === undefined) return true
  return reverse === true ? seq < after : seq > after
}

/** The error for a bound that is no count, or `undefined`. */
export function historyError({ after, limit }: HistoryOptions): Error | undefined {
  for (const [argument, value] of Object.entries({ after, limit })) {
    if (value === undefined || (value >= 0 && !Number.isNaN(value))) continue
    const reason = 'it is a number from 0'
    return coreError('INVALID_ARGUMENT', `${argument}: ${reason}`, { argument, reason })
  }
  return undefined
}

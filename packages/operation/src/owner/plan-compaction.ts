import { attempt, err, ok, thrownError, type AsyncResult } from '@tidemark/core'
import type { OperationLog } from '../log/operation-log.ts'
import type { CheckpointRef, CompactOptions, ReadFailure } from '../operation.ts'
import { parseCheckpointId } from '../record/checkpoint-id.ts'
import type { Kept } from '../record/record.ts'
import { readHistory } from './read-history.ts'

/** The checkpoints that a compaction keeps, ascending. Reads no more of the history than it must. */
export async function planCompaction(
  log: OperationLog,
  options: CompactOptions,
  nowMs: number,
): AsyncResult<Kept[], ReadFailure> {
  const { keepLast = 1, keepLabels = [], maxAgeMs = Infinity, signal } = options
  const labels = new Set(keepLabels)
  const kept: Kept[] = []
  const walk = async (): Promise<void> => {
    let index = 0
    const call = signal === undefined ? {} : { signal }
    // A damaged checkpoint cannot be kept: compacting is how its owner gets rid of it.
    const ignore = (): void => undefined
    for await (const ref of readHistory(log, { ...call, reverse: true, onDamage: ignore })) {
      const isYoung = nowMs - ref.at.getTime() <= maxAgeMs
      const isNew = index < Math.max(1, keepLast)
      if (index === 0 || (isYoung && (isNew || labels.has(ref.label)))) kept.push(keptOf(ref))
      index += 1
      if (labels.size === 0 && index >= keepLast) return
    }
  }
  const walked = await attempt(walk, thrownError<ReadFailure>)
  if (!walked.ok) return err(walked.error)
  const [newest, ...older] = kept
  const relabelled =
    newest === undefined || options.label === undefined
      ? kept
      : [{ ...newest, label: options.label }, ...older]
  return ok(relabelled.toReversed())
}

function keptOf({ id, seq, label }: CheckpointRef): Kept {
  const place = parseCheckpointId(id)
  if (!place.ok) throw place.error
  return { at: place.value.at, seq, label }
}

import { ok, type AsyncResult, type Lease, type Seq } from '@tidemark/core'
import type { OperationLog, Standing } from '../log/operation-log.ts'
import type { ReadFailure } from '../operation.ts'
import { liveFolds } from '../steps/fold.ts'
import { collectBodies } from './collect-bodies.ts'
import type { RecordWriter } from './record-writer.ts'

/** What trimming works on. */
export interface TrimParts {
  readonly lease: Lease
  readonly log: OperationLog
  readonly writer: RecordWriter
}

/**
 * Deletes what the base made void. It is void already, so this may fail or be cut short: `list`
 * looks for what an earlier try left behind. Gives whether nothing void is left.
 */
export async function sweepBase(
  parts: TrimParts,
  { list }: { readonly list: boolean },
): Promise<boolean> {
  const { standing } = parts.writer
  if (standing === undefined || standing.head.swept === standing.head.base) return true
  if (!(await trim(parts, standing, { before: standing.head.base, force: true }))) return false
  if (list) {
    const swept = await parts.log.log.sweep()
    if (!swept.ok || swept.value.left > 0) return false
  }
  const collected = await collectBodies(parts.log, standing)
  if (!collected.ok || !collected.value) return false
  parts.writer.swept()
  return true
}

/** Deletes the records that a fold repeats, where no checkpoint lies between them. */
export async function trimToFold(parts: TrimParts): Promise<void> {
  const { standing } = parts.writer
  if (standing === undefined) return
  const { head, base } = standing
  const hasCheckpoints = head.nextSeq > base.firstSeq
  if (hasCheckpoints || head.fold <= head.base || head.swept !== head.base) return
  await trim(parts, standing, { before: head.fold, force: false })
}

async function trim(
  { log }: TrimParts,
  standing: Standing,
  { before, force }: { readonly before: Seq; readonly force: boolean },
): Promise<boolean> {
  const needed = await stillNeeded(log, standing)
  if (!needed.ok) return false
  // An owner that slept gives up nothing that its successor keeps: it knows no base and no fold
  // that is newer than the floor, and a floor never falls.
  const truncated = await log.log.truncate(before, { keep: needed.value, force })
  return truncated.ok && truncated.value.left === 0
}

/** The records that are still read, whatever came after them. */
async function stillNeeded(
  log: OperationLog,
  standing: Standing,
): AsyncResult<readonly Seq[], ReadFailure> {
  const folds = await liveFolds(log, standing)
  if (!folds.ok) return folds
  const kept = standing.base.kept.map(({ at }) => at.record)
  return ok([...new Set([standing.head.base, ...kept, ...folds.value])])
}

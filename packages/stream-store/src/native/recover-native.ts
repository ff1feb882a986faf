import {
  attempt,
  err,
  ok,
  thrownError,
  type AsyncResult,
  type CallOptions,
  type Clock,
} from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import type {
  LoadLatestOptions,
  RecoveryReport,
  SkippedCheckpoint,
  ValidateOptions,
} from '../store/checkpoint-store.ts'
import { patiently } from '../store/patience.ts'
import { refused } from '../store/recover.ts'
import {
  streamError,
  type LoadLatestError,
  type ReadStoreError,
  type RecoverError,
} from '../store/store-errors.ts'
import { asSkip, faultOf, isDamage } from '../store/validate-stored.ts'
import { countCheckpoints, type Entry, type Head } from './head.ts'
import { asSkipped, readSegment } from './history.ts'
import type { StoreEvent } from './options.ts'
import { validateNative } from './validate.ts'
import { loadManifest, newestFirst, type View } from './view.ts'

/** Where recovery looks, and by which time it waits. */
export interface Recoverer {
  readonly view: View
  readonly clock: Clock
}

/**
 * Walks from the newest checkpoint to the first that may be restored. What is behind it is never
 * read, so the cost grows with what is damaged, not with what there is.
 */
export async function recoverNative(
  { view, clock }: Recoverer,
  vnodeCount: number,
  options?: ValidateOptions,
): AsyncResult<RecoveryReport, RecoverError> {
  const startedMs = performance.now()
  const found = await patiently(() => view.current(options), clock, options)
  if (!found.ok) return refused(found.error)
  const { head, damaged } = found.value
  const skipped: SkippedCheckpoint[] = asSkipped(damaged)
  const examined = head === undefined ? 0 : countCheckpoints(head)
  let visited = 0
  const report = (rest: Partial<RecoveryReport>): RecoveryReport => ({
    chosenId: undefined,
    chosenEpoch: undefined,
    skipped,
    examined,
    visited,
    freshStart: examined === 0 && skipped.length === 0 ? 'empty' : 'refused',
    elapsedMs: performance.now() - startedMs,
    ...rest,
  })
  if (head === undefined) return ok(report({}))
  const newest = walk({ view, clock }, head, options)
  for (;;) {
    const next = await attempt(() => newest.next(), thrownError<ReadStoreError>)
    if (!next.ok) return refused(next.error)
    if (next.value.done === true) return ok(report({}))
    const { id, epoch, seq } = next.value.value
    visited += 1
    const looked = await patiently(
      () => validateNative(view, id, vnodeCount, options),
      clock,
      options,
    )
    if (!looked.ok) return looked
    const { valid, checksumRule } = looked.value
    if (valid) {
      const rule = checksumRule === undefined ? {} : { checksumRule }
      return ok(report({ chosenId: id, chosenEpoch: epoch, freshStart: 'no', ...rule }))
    }
    skipped.push({ ...asSkip(looked.value), seq })
  }
}

/** The newest manifest that can be read, loudly when it is not the newest that there is. */
export async function loadNewest(
  { view, clock }: Recoverer,
  onEvent: (event: StoreEvent) => void,
  options?: LoadLatestOptions,
): AsyncResult<{ manifest: CheckpointManifest; revision: number } | undefined, LoadLatestError> {
  const found = await patiently(() => view.current(options), clock, options)
  if (!found.ok) return refused(found.error)
  const { head, damaged } = found.value
  const skipped = asSkipped(damaged)
  const newest = walk({ view, clock }, head, options)
  for (;;) {
    const next = await attempt(() => newest.next(), thrownError<ReadStoreError>)
    if (!next.ok) return refused(next.error)
    if (next.value.done === true) break
    const { id, seq } = next.value.value
    const loaded = await patiently(() => loadManifest(view, id, options), clock, options)
    if (loaded.ok && loaded.value !== undefined) {
      if (skipped.length > 0) onEvent({ kind: 'degraded', skipped })
      return ok({ manifest: loaded.value, revision: seq })
    }
    if (loaded.ok) continue
    if (!isDamage(loaded.error)) return refused(loaded.error, id)
    const { message: reason } = loaded.error
    skipped.push({ checkpointId: id, seq, fault: faultOf(loaded.error), reason })
  }
  return skipped.length === 0 || options?.allowFreshStart === true
    ? ok(undefined)
    : err(noneUsable(skipped))
}

/** The checkpoints, newest first, with patience for a medium that does not give a segment. */
async function* walk(
  { view, clock }: Recoverer,
  head: Head | undefined,
  options?: CallOptions,
): AsyncGenerator<Entry, void> {
  if (head === undefined) return
  yield* newestFirst(head, (segment) =>
    patiently(() => readSegment(view.log, segment, options), clock, options),
  )
}

/** The error for a store in which nothing can be used. */
export function noneUsable(skipped: readonly SkippedCheckpoint[]): LoadLatestError {
  const message = `none of ${skipped.length} checkpoints can be used; starting anew is your decision`
  const details = skipped.slice(0, 20).map(({ checkpointId, seq, reason }) => ({
    ...(checkpointId === undefined ? {} : { checkpointId: String(checkpointId) }),
    ...(seq === undefined ? {} : { seq }),
    reason,
  }))
  return streamError('NO_USABLE_CHECKPOINT', message, { skipped: details })
}

import { attempt, err, ok, thrownError, type AsyncResult } from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import type {
  LoadLatestOptions,
  RecoveryReport,
  SkippedCheckpoint,
  ValidateOptions,
} from '../store/checkpoint-store.ts'
import {
  streamError,
  type LoadLatestError,
  type ReadStoreError,
  type RecoverError,
} from '../store/store-errors.ts'
import { blocked, isDamage } from '../store/validate-stored.ts'
import { countCheckpoints } from './head.ts'
import { asSkipped } from './history.ts'
import type { StoreEvent } from './options.ts'
import { validateNative } from './validate.ts'
import { loadManifest, newestFirst, type View } from './view.ts'

/**
 * Walks from the newest checkpoint to the first that may be restored. What is behind it is never
 * read, so the cost grows with what is damaged, not with what there is.
 */
export async function recoverNative(
  view: View,
  vnodeCount: number,
  options?: ValidateOptions,
): AsyncResult<RecoveryReport, RecoverError> {
  const startedMs = performance.now()
  const found = await view.current(options)
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
  const newest = newestFirst(view, head, options)
  for (;;) {
    const next = await attempt(() => newest.next(), thrownError<ReadStoreError>)
    if (!next.ok) return refused(next.error)
    if (next.value.done === true) return ok(report({}))
    const { id, epoch } = next.value.value
    visited += 1
    const looked = await validateNative(view, id, vnodeCount, options)
    if (!looked.ok) return looked
    const { valid, issues, checksumRule } = looked.value
    if (valid) {
      const rule = checksumRule === undefined ? {} : { checksumRule }
      return ok(report({ chosenId: id, chosenEpoch: epoch, freshStart: 'no', ...rule }))
    }
    const reason = issues.map(({ message }) => message).join('; ')
    skipped.push({ checkpointId: id, seq: next.value.value.seq, reason })
  }
}

/** The newest manifest that can be read, loudly when it is not the newest that there is. */
export async function loadNewest(
  view: View,
  onEvent: (event: StoreEvent) => void,
  options?: LoadLatestOptions,
): AsyncResult<{ manifest: CheckpointManifest; revision: number } | undefined, LoadLatestError> {
  const found = await view.current(options)
  if (!found.ok) return found
  const { head, damaged } = found.value
  const skipped = asSkipped(damaged)
  const newest = head === undefined ? undefined : newestFirst(view, head, options)
  for (;;) {
    const next =
      newest === undefined
        ? undefined
        : await attempt(() => newest.next(), thrownError<ReadStoreError>)
    if (next !== undefined && !next.ok) return next
    if (next === undefined || next.value.done === true) break
    const { id, seq } = next.value.value
    const loaded = await loadManifest(view, id, options)
    if (loaded.ok && loaded.value !== undefined) {
      if (skipped.length > 0) onEvent({ kind: 'degraded', skipped })
      return ok({ manifest: loaded.value, revision: seq })
    }
    if (!loaded.ok && !isDamage(loaded.error)) {
      return loaded.error.kind === 'unavailable' ? err(blocked(loaded.error, id)) : loaded
    }
    if (!loaded.ok) skipped.push({ checkpointId: id, seq, reason: loaded.error.message })
  }
  return skipped.length === 0 || options?.allowFreshStart === true
    ? ok(undefined)
    : err(noneUsable(skipped))
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

function refused(error: ReadStoreError): Awaited<AsyncResult<never, RecoverError>> {
  return error.kind === 'unavailable' ? err(blocked(error)) : err(error)
}

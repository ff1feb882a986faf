import { ok, type AsyncResult } from '@tidemark/core'
import type {
  CheckpointStore,
  RecoveryReport,
  SkippedCheckpoint,
  ValidateOptions,
} from './checkpoint-store.ts'
import type { RecoverError } from './store-errors.ts'

/** What a walk needs to know. */
export interface Recoverable extends Pick<
  CheckpointStore,
  'listIds' | 'validateCheckpoint' | 'loadById'
> {}

/**
 * Walks from the newest id to the first checkpoint that may be restored. Costs one validation for
 * each damaged one, however many there are behind it.
 */
export async function recoverLatest(
  store: Recoverable,
  options?: ValidateOptions,
  before: readonly SkippedCheckpoint[] = [],
): AsyncResult<RecoveryReport, RecoverError> {
  const startedMs = performance.now()
  const ids = await store.listIds(options)
  if (!ids.ok) return ids
  const skipped = [...before]
  let visited = 0
  const report = (rest: Partial<RecoveryReport>): RecoveryReport => ({
    chosenId: undefined,
    chosenEpoch: undefined,
    skipped,
    examined: ids.value.length,
    visited,
    freshStart: ids.value.length + before.length === 0 ? 'empty' : 'refused',
    elapsedMs: performance.now() - startedMs,
    ...rest,
  })
  for (const checkpointId of ids.value.toReversed()) {
    visited += 1
    const looked = await store.validateCheckpoint(checkpointId, options)
    if (!looked.ok) return looked
    const { valid, issues, checksumRule } = looked.value
    if (!valid) {
      skipped.push({ checkpointId, reason: issues.map(({ message }) => message).join('; ') })
      continue
    }
    const loaded = await store.loadById(checkpointId, options)
    if (!loaded.ok) return loaded
    const rule = checksumRule === undefined ? {} : { checksumRule }
    const chosenEpoch = loaded.value?.epoch
    return ok(report({ chosenId: checkpointId, chosenEpoch, freshStart: 'no', ...rule }))
  }
  return ok(report({}))
}

import { err, ok, type AsyncResult, type Clock } from '@tidemark/core'
import type {
  CheckpointStore,
  RecoveryReport,
  SkippedCheckpoint,
  ValidateOptions,
} from './checkpoint-store.ts'
import { isTransient, patiently } from './patience.ts'
import type { ReadStoreError, RecoverError } from './store-errors.ts'
import { asSkip, blocked } from './validate-stored.ts'

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
  clock: Clock,
  options?: ValidateOptions,
): AsyncResult<RecoveryReport, RecoverError> {
  const startedMs = performance.now()
  const ids = await patiently(() => store.listIds(options), clock, options)
  if (!ids.ok) return refused(ids.error)
  const skipped: SkippedCheckpoint[] = []
  let visited = 0
  const report = (rest: Partial<RecoveryReport>): RecoveryReport => ({
    chosenId: undefined,
    chosenEpoch: undefined,
    skipped,
    examined: ids.value.length,
    visited,
    freshStart: ids.value.length === 0 ? 'empty' : 'refused',
    elapsedMs: performance.now() - startedMs,
    ...rest,
  })
  for (const checkpointId of ids.value.toReversed()) {
    visited += 1
    const looked = await patiently(
      () => store.validateCheckpoint(checkpointId, options),
      clock,
      options,
    )
    if (!looked.ok) return looked
    const { valid, checksumRule } = looked.value
    if (!valid) {
      skipped.push(asSkip(looked.value))
      continue
    }
    const loaded = await patiently(() => store.loadById(checkpointId, options), clock, options)
    if (!loaded.ok) return refused(loaded.error, checkpointId)
    const rule = checksumRule === undefined ? {} : { checksumRule }
    const chosenEpoch = loaded.value?.epoch
    return ok(report({ chosenId: checkpointId, chosenEpoch, freshStart: 'no', ...rule }))
  }
  return ok(report({}))
}

/** The error for what recovery could not read: nothing is concluded from it. */
export function refused(
  error: ReadStoreError,
  checkpointId?: bigint,
): Awaited<AsyncResult<never, RecoverError>> {
  return err(isTransient(error) ? blocked(error, checkpointId) : error)
}

import { coreError, err, json, ok, type AsyncResult, type JsonValue } from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { noneUsable } from '../native/recover-native.ts'
import type { PipelineError, PipelineOptions, PipelinePosition } from './pipeline-options.ts'

/** The names under which a pipeline keeps what is its. */
export const SOURCE = 'source'
export const STATE = 'state'
export const SINK = 'sink'

/** Where a pipeline goes on. */
export interface Resumed<S> {
  readonly state: S
  readonly position: PipelinePosition | undefined
  /** Whether the sink is not known to have returned for this epoch. */
  readonly isSinkDue: boolean
}

/** Finds the newest checkpoint that can be used, and reads it. */
export async function resume<T, S extends JsonValue>(
  options: PipelineOptions<T, S>,
): AsyncResult<Resumed<S>, PipelineError> {
  const { store, initial } = options
  const recovered = await store.recoverLatestValidated(signalOf(options))
  if (!recovered.ok) return recovered
  const { chosenId, freshStart, skipped } = recovered.value
  if (chosenId === undefined) {
    const isRefused = freshStart === 'refused' && options.allowFreshStart !== true
    if (isRefused) return err(noneUsable(skipped))
    return ok({ state: initial, position: undefined, isSinkDue: false })
  }
  const opened = await store.openState(chosenId, signalOf(options))
  if (!opened.ok) return opened
  if (opened.value === undefined) return err(noneUsable(skipped))
  const checkpoint = opened.value
  const bytes = await checkpoint.bytes(STATE, signalOf(options))
  await checkpoint.close()
  if (!bytes.ok) return bytes
  const decoded = json.decode(bytes.value, 'the state of the pipeline')
  if (!decoded.ok) return decoded
  try {
    const state = options.parse(decoded.value)
    const status = checkpoint.manifest.sinkCommitStatuses.get(SINK)
    const isSinkDue = status !== undefined && status !== 'committed'
    return ok({ state, position: positionOf(checkpoint.manifest), isSinkDue })
  } catch (cause) {
    const details = { what: 'the state of the pipeline', codec: 'json' }
    return err(coreError('DECODE_FAILED', 'saved state is not what parse accepts', details, cause))
  }
}

/** Where a checkpoint says that its pipeline stood. */
export function positionOf(manifest: CheckpointManifest): PipelinePosition {
  const offsets = manifest.sourceOffsets.get(SOURCE)?.offsets ?? new Map<string, string>()
  return { checkpointId: manifest.checkpointId, epoch: manifest.epoch, offsets }
}

/** Just the signal, if there is one. */
export function signalOf(options: { readonly signal?: AbortSignal }): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal }
}

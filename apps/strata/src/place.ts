import {
  attempt,
  err,
  ok,
  thrownError,
  type AsyncResult,
  type CheckpointInfo,
  type CheckpointStorage,
  type CommitError,
  type GetError,
  type LoadError,
  type LoadOptions,
} from '@tidemark/core'
import { decodeState, encodeState, STATE } from './layers/state-codec.ts'
import type { State } from './layers/state.ts'

/** The place in the history that was reached, as far as it is saved. */
export interface SavedPlace {
  /** The state there; `undefined` when none is saved, or none that can be used. */
  readonly state: State | undefined
  /** What was passed over on the way to it, newest first. */
  readonly skipped: readonly SkippedCheckpoint[]
}

/** A checkpoint that cannot be used: damaged, or of another version of Strata. */
export interface SkippedCheckpoint {
  readonly generation: number
  readonly reason: string
}

/** The one checkpoint that Strata keeps, and its one entry. */
const CHECKPOINT = 'place'
const ENTRY = 'state'

/** A state can be large, so what retention gives up is freed once in so many saves. */
const FREE_EVERY = 8

/** Saves the place. After `ok` the next run starts here, whatever happens to this one. */
export async function savePlace(
  storage: CheckpointStorage,
  state: State,
): AsyncResult<CheckpointInfo, CommitError> {
  const entries = { [ENTRY]: encodeState(state) }
  const saved = await storage.save(CHECKPOINT, entries, { ifExists: 'replace' })
  if (saved.ok && saved.value.generation % FREE_EVERY === 0) {
    // The place is saved all the same; what is not freed now is freed the next time.
    void (await storage.gc())
  }
  return saved
}

/**
 * Finds the newest place that is whole. A damaged one is passed over and told, never used and
 * never kept silent about. Fails with what core's storage fails with, but for those.
 */
export async function loadPlace(storage: CheckpointStorage): AsyncResult<SavedPlace, PlaceError> {
  const newest = await stateAt(storage)
  if (newest.ok) return ok({ state: newest.value, skipped: [] })
  if (newest.error.code === 'CHECKPOINT_NOT_FOUND') return ok({ state: undefined, skipped: [] })
  if (!isLasting(newest.error)) return newest
  return attempt(() => newestWhole(storage), thrownError<PlaceError>)
}

/** Why the place cannot be looked up. */
export type PlaceError = LoadError | GetError

async function newestWhole(storage: CheckpointStorage): Promise<SavedPlace> {
  const skipped: SkippedCheckpoint[] = []
  for await (const { generation, damage } of storage.generations(CHECKPOINT)) {
    const state = damage === undefined ? await stateAt(storage, { generation }) : err(damage)
    if (state.ok) return { state: state.value, skipped }
    if (!isLasting(state.error)) throw state.error
    skipped.push({ generation, reason: state.error.message })
  }
  return { state: undefined, skipped }
}

async function stateAt(
  storage: CheckpointStorage,
  options?: LoadOptions,
): AsyncResult<State, PlaceError> {
  const checkpoint = await storage.loadCheckpoint(CHECKPOINT, options)
  if (!checkpoint.ok) return checkpoint
  const bytes = await checkpoint.value.getBytes(ENTRY)
  await checkpoint.value.close()
  return bytes.ok ? decodeState(bytes.value) : bytes
}

/** Whether reading again would fail again: a medium that is out of reach is not a damaged one. */
function isLasting(error: PlaceError): boolean {
  if (error.code === 'UNSUPPORTED_VERSION') return error.details.what === STATE
  return error.code === 'CORRUPTED' || error.code === 'KEY_NOT_FOUND'
}

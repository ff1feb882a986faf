import {
  err,
  ok,
  type AsyncResult,
  type CheckpointStorage,
  type CommitError,
  type CommittedCheckpoint,
  type GetError,
  type LoadError,
  type LoadOptions,
} from '@tidemark/core'
import { decodeState, digestOf, encodeState, type DecodeStateError } from './layers/state-codec.ts'
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

/** A place that is saved: it survives `kill -9` and a power cut. */
export interface PlaceReceipt {
  readonly generation: number
  readonly digest: string
}

/** The one checkpoint that Strata keeps, and its one entry. */
const CHECKPOINT = 'place'
const ENTRY = 'state'

/** So many damaged checkpoints in a row are no accident of one: the history is read again. */
const MAX_SKIPPED = 100

/** Saves the place. After `ok` the next run starts here, whatever happens to this one. */
export async function savePlace(
  storage: CheckpointStorage,
  state: State,
): AsyncResult<PlaceReceipt, CommitError> {
  const encoded = encodeState(state)
  const saved = await storage.save(CHECKPOINT, { [ENTRY]: encoded }, { ifExists: 'replace' })
  return saved.ok ? ok({ generation: saved.value.generation, digest: digestOf(encoded) }) : saved
}

/**
 * Finds the newest place that is whole. A damaged one is passed over and told, never used and
 * never kept silent about. Fails with what core's storage fails with, but for those.
 */
export async function loadPlace(
  storage: CheckpointStorage,
): AsyncResult<SavedPlace, LoadError | GetError> {
  const skipped: SkippedCheckpoint[] = []
  let options: LoadOptions = {}
  while (skipped.length < MAX_SKIPPED) {
    const loaded = await storage.loadCheckpoint(CHECKPOINT, options)
    const state = loaded.ok ? await stateOf(loaded.value) : loaded
    if (state.ok) return ok({ state: state.value, skipped })
    const { error } = state
    if (error.code === 'CHECKPOINT_NOT_FOUND') break
    const generation = loaded.ok ? loaded.value.generation : numberOf(error, options)
    if (generation === undefined || !isLasting(error)) return err(error)
    skipped.push({ generation, reason: error.message })
    if (generation <= 1) break
    options = { generation: generation - 1 }
  }
  return ok({ state: undefined, skipped })
}

async function stateOf(
  checkpoint: CommittedCheckpoint,
): AsyncResult<State, GetError | DecodeStateError> {
  const bytes = await checkpoint.getBytes(ENTRY)
  await checkpoint.close()
  return bytes.ok ? decodeState(bytes.value) : bytes
}

/** Whether reading again would fail again: a medium that is out of reach is not a damaged one. */
function isLasting({ code }: LoadError | GetError): boolean {
  return code === 'CORRUPTED' || code === 'KEY_NOT_FOUND' || code === 'UNSUPPORTED_VERSION'
}

/** The number of a checkpoint that is damaged as a whole; any other failure has none. */
function numberOf(error: LoadError | GetError, asked: LoadOptions): number | undefined {
  return error.code === 'CORRUPTED' ? (error.details.seq ?? asked.generation) : undefined
}

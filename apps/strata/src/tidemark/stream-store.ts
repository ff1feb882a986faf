import {
  attempt,
  coreError,
  err,
  prefixed,
  thrownError,
  unwrap,
  type AsyncResult,
  type BlobStore,
} from '@tidemark/core'
import {
  openStreamStore,
  type Fault,
  type LoadLatestError,
  type ReadSlotError,
  type RecoverError,
  type StreamStore,
  type WriteStoreError,
} from '@tidemark/stream-store'
import { decodeState, encodeState, STATE } from '../layers/state-codec.ts'
import type { State } from '../layers/state.ts'

/** Why the place cannot be looked up or saved. */
export type PlaceError = RecoverError | LoadLatestError | ReadSlotError | WriteStoreError

/** The place in the history that was reached, as far as it is saved. */
export interface SavedPlace {
  /** The state there; `undefined` when none is saved, or none that can be used. */
  readonly state: State | undefined
  /** The epoch that the state is of. */
  readonly epoch: number | undefined
  /** What was passed over on the way to it, newest first. */
  readonly skipped: readonly SkippedCheckpoint[]
  /** Where an earlier version of Strata kept its place, when that is all there is. */
  readonly earlier: string | undefined
}

/** A checkpoint that cannot be used: damaged, or of another version of Strata. */
export interface SkippedCheckpoint {
  /** `undefined`: so damaged that nobody knows which epoch it was. */
  readonly epoch: number | undefined
  readonly fault: Fault
  readonly reason: string
}

/** What a save made, and what it gave up: only the newest few are kept. */
export interface SavedEpoch {
  readonly epoch: number
  readonly pruned: readonly number[]
}

/** The place, open for saving by this run alone: whoever had it is `FENCED` at the next save. */
export interface Place {
  /** Saves offset and state in one commit. After `ok` the next run starts here. */
  readonly save: (state: State) => AsyncResult<SavedEpoch, PlaceError>
  readonly close: () => Promise<void>
}

/** The part of the store that is the place's. */
const PLACE = 'place/'

/** The one source that is read, and the one operator that keeps state. */
const SOURCE = 'history'
const OPERATOR = 'layers'

/** An epoch can be damaged, and the one before it with it. */
const KEEP = 3

/** Only a run reads states, and it is the only one: what is given up can go at once. */
const GRACE_MS = 0

/** Before there was a stream store, places were kept by core's storage, which left this here. */
const EARLIER = 'checkpoints/'
const EARLIER_HEADER = `${EARLIER}storage.json`

/** Takes the place over, to save it. */
export async function openPlace(store: BlobStore): AsyncResult<Place, PlaceError> {
  const opened = await openStreamStore({
    store: prefixed(store, PLACE),
    keep: KEEP,
    graceMs: GRACE_MS,
    // What is lost can be computed again, and whoever looked before was told.
    onLostHistory: 'begin-anew',
  })
  if (!opened.ok) return opened
  const place = opened.value
  return {
    ok: true,
    value: { save: (state) => save(place, state), close: () => place.close() },
  }
}

/**
 * Finds the newest place that is whole, and takes nothing over. A damaged one is passed over and
 * told, never used and never kept silent about. A medium that does not answer is an error, never a
 * reason to go back.
 */
export async function findPlace(store: BlobStore): AsyncResult<SavedPlace, PlaceError> {
  const opened = await openStreamStore({ store: prefixed(store, PLACE), mode: 'read' })
  if (!opened.ok) return opened
  const found = await attempt(() => recover(store, opened.value), thrownError<PlaceError>)
  await opened.value.close()
  return found
}

/** How far the place says that the history was read, without reading the state. */
export interface Offset {
  readonly epoch: number
  readonly commit: string
  readonly position: number
}

/** The newest offset, and how many epochs are kept. Changes nothing. */
export async function lookAtPlace(
  store: BlobStore,
): AsyncResult<{ readonly offset: Offset | undefined; readonly epochs: number }, PlaceError> {
  const opened = await openStreamStore({ store: prefixed(store, PLACE), mode: 'read' })
  if (!opened.ok) return opened
  const look = async () => {
    const latest = unwrap(await opened.value.loadLatest({ allowFreshStart: true }))
    const { checkpoints: epochs } = unwrap(await opened.value.inspect())
    if (latest === undefined) return { offset: undefined, epochs }
    const offsets = latest.sourceOffsets.get(SOURCE)?.offsets
    const position = Number(offsets?.get('position') ?? 0)
    const offset = { epoch: Number(latest.epoch), commit: offsets?.get('commit') ?? '', position }
    return { offset, epochs }
  }
  const looked = await attempt(look, thrownError<PlaceError>)
  await opened.value.close()
  return looked
}

async function save(place: StreamStore, state: State): AsyncResult<SavedEpoch, PlaceError> {
  const offsets = { commit: state.commit ?? '', position: String(state.position) }
  const begun = place.begin({ sourceOffsets: { [SOURCE]: { offsets } }, sourceNames: [SOURCE] })
  if (!begun.ok) return begun
  const writer = begun.value
  const put = await writer.put(OPERATOR, encodeState(state))
  const committed = put.ok ? await writer.commit() : put
  if (!committed.ok) {
    await writer.abort()
    return committed
  }
  const { epoch, pruned } = committed.value
  return { ok: true, value: { epoch: Number(epoch), pruned: pruned.removed.map(Number) } }
}

async function recover(store: BlobStore, place: StreamStore): Promise<SavedPlace> {
  const { chosenId, freshStart, skipped: passed } = unwrap(await place.recoverLatestValidated())
  const skipped = passed.map(({ checkpointId, fault, reason }) => {
    return { epoch: checkpointId === undefined ? undefined : Number(checkpointId), fault, reason }
  })
  if (chosenId === undefined) {
    const isOlder = freshStart === 'empty' && unwrap(await store.head(EARLIER_HEADER)) !== undefined
    const earlier = isOlder ? EARLIER : undefined
    return { state: undefined, epoch: undefined, skipped, earlier }
  }
  // What is whole can still be of another version of Strata; then the one before is looked at.
  const older = unwrap(await place.listIds()).filter((id) => id <= chosenId)
  for (const id of older.toReversed()) {
    const state = await stateAt(place, id)
    if (state.ok) return { state: state.value, epoch: Number(id), skipped, earlier: undefined }
    if (!isLasting(state.error)) throw state.error
    skipped.push({ epoch: Number(id), fault: faultOf(state.error), reason: state.error.message })
  }
  return { state: undefined, epoch: undefined, skipped, earlier: undefined }
}

async function stateAt(place: StreamStore, id: bigint): AsyncResult<State, PlaceError> {
  const opened = await place.openState(id)
  if (!opened.ok) return opened
  if (opened.value === undefined) return err(gone(id))
  const bytes = await opened.value.bytes(OPERATOR)
  await opened.value.close()
  return bytes.ok ? decodeState(bytes.value) : bytes
}

function faultOf({ code }: PlaceError): Fault {
  return code === 'UNSUPPORTED_VERSION' ? 'unsupported' : 'corrupt'
}

/** Whether reading again would fail again: a medium that is out of reach is not a damaged one. */
function isLasting(error: PlaceError): boolean {
  if (error.code === 'UNSUPPORTED_VERSION') return error.details.what === STATE
  return error.code === 'CORRUPTED' || error.code === 'KEY_NOT_FOUND'
}

function gone(id: bigint): PlaceError {
  const details = { what: 'checkpoint', identifier: String(id), reason: 'it is gone' }
  return coreError('CORRUPTED', `checkpoint ${id} is gone`, details)
}

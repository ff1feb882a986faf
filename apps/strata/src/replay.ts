import { unwrap, type BlobStore } from '@tidemark/core'
import type { GitPlace } from './history/git.ts'
import type { CommitList } from './history/list-commits.ts'
import { readHistory } from './history/read-history.ts'
import { applyCommit, type State } from './layers/state.ts'
import type { PhaseResults } from './phases.ts'
import type { RunEvent } from './run-event.ts'
import type { Start } from './start.ts'
import { fittingUnit, layersOf, linesByDay, type LayerUnit } from './report/layers.ts'
import { openPlace } from './tidemark/stream-store.ts'

/** What {@link replay} needs to know of the run. */
export interface ReplayOptions {
  /** The place is saved after so many commits, and at the end. */
  readonly every: number
  /** Ends the reading after the commit at hand; its place is saved. */
  readonly signal: AbortSignal
  /** Tells also, now and then, how old the surviving lines are. */
  readonly detail: boolean
  readonly onEvent: (event: RunEvent) => void
}

/**
 * Reads the commits that are still to be read into the state, and saves the place on the way: also
 * when it is interrupted, and when git fails. Gives `undefined` when it was interrupted. Throws what
 * git and the store fail with.
 */
export async function replay(
  { state, commits }: Start,
  git: GitPlace,
  store: BlobStore,
  { every, signal, detail, onEvent }: ReplayOptions,
): Promise<PhaseResults['replay'] | undefined> {
  if (commits.ids.length === 0) return { position: state.position }
  const total = state.position + commits.ids.length
  const place = unwrap(await openPlace(store))
  let saved = state.position
  const unit = spanUnit(state, commits)
  const tellLayers = (): void => {
    const { position } = state
    if (!detail || !isSample(position, total)) return
    const layers = layersOf(linesByDay(state), unit).map(({ name, lines }) => ({ name, lines }))
    onEvent({ kind: 'layers', position, total, layers })
  }
  const save = async (): Promise<void> => {
    const { position } = state
    if (position === saved) return
    onEvent({ kind: 'saving', position, total })
    const { epoch, pruned } = unwrap(await place.save(state))
    saved = position
    onEvent({ kind: 'saved', position, total, epoch, pruned })
  }
  try {
    for await (const commit of readHistory(git, commits)) {
      unwrap(applyCommit(state, commit))
      onEvent({ kind: 'read', position: state.position, total })
      tellLayers()
      if (state.position % every === 0) await save()
      if (signal.aborted) break
    }
  } finally {
    try {
      await save()
    } finally {
      await place.close()
    }
  }
  return state.position === total ? { position: total } : undefined
}

/** As many layers as a chart has room for; each looks at all lines, so there are not more. */
const SAMPLES = 80

/** Whether the layers are told after this commit: the last one always is. */
function isSample(position: number, total: number): boolean {
  return position === total || position % Math.max(1, Math.ceil(total / SAMPLES)) === 0
}

/** One unit for the whole history, so that layers keep their names while it grows. */
function spanUnit(state: State, { days }: CommitList): LayerUnit {
  const read = state.position === 0 ? [] : [state.firstDay, state.lastDay]
  let [first, last] = [Infinity, -Infinity]
  for (const day of [...read, ...days]) [first, last] = [Math.min(first, day), Math.max(last, day)]
  return fittingUnit([
    [first, 0],
    [last, 0],
  ])
}

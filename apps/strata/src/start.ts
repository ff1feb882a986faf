import { coreError, unwrap, type BlobStore } from '@tidemark/core'
import type { GitPlace } from './history/git.ts'
import { listCommits, NO_COMMITS, type CommitList } from './history/list-commits.ts'
import type { Repository } from './history/repository.ts'
import { emptyState, type State } from './layers/state.ts'
import type { RunEvent, StartedAgain } from './run-event.ts'
import { findPlace, type SavedPlace } from './tidemark/stream-store.ts'

/** Where a run starts: a state, and the commits that are still to be read. */
export interface Start {
  readonly state: State
  readonly commits: CommitList
}

/** What {@link findStart} needs to know of the run. */
export interface StartOptions {
  readonly from: 'begin' | 'resume' | 'update'
  readonly onEvent: (event: RunEvent) => void
}

/**
 * Finds where to start: at the newest saved place that is whole and on the line to the present
 * commit, else at the very first commit; and tells why. Throws what git and the store fail with,
 * and `CHECKPOINT_NOT_FOUND` for an update of nothing.
 */
export async function findStart(
  repository: Repository,
  git: GitPlace,
  store: BlobStore,
  options: StartOptions,
): Promise<Start> {
  const saved = options.from === 'begin' ? undefined : await savedState(store, options)
  const start =
    saved === undefined
      ? await fromTheBeginning(repository, git)
      : await goOn(repository, git, saved.state, options)
  const { origin, position } = start.state
  const isGoingOn = saved !== undefined && start.state === saved.state
  if (origin?.cut === true) options.onEvent({ kind: 'history-cut', commit: origin.commit })
  const total = position + start.commits.ids.length
  const epoch = isGoingOn && saved.epoch !== undefined ? { epoch: saved.epoch } : {}
  options.onEvent({ kind: 'started', position, total, ...epoch })
  return start
}

/** A state that can be gone on from. */
type Saved = { readonly state: State } & Pick<SavedPlace, 'epoch'>

async function savedState(
  store: BlobStore,
  { from, onEvent }: StartOptions,
): Promise<Saved | undefined> {
  const { state, epoch, skipped, earlier } = unwrap(await findPlace(store))
  for (const checkpoint of skipped) onEvent({ kind: 'checkpoint-skipped', ...checkpoint })
  if (state !== undefined) return { state, epoch }
  if (skipped.length > 0) {
    onEvent({ kind: 'started-again', reason: 'unusable', commit: undefined })
    return undefined
  }
  if (earlier !== undefined) {
    onEvent({ kind: 'started-again', reason: 'earlier', commit: undefined, folder: earlier })
    return undefined
  }
  if (from !== 'update') return undefined
  const message = 'there is nothing to update: no place is saved. Begin with `strata run`'
  throw coreError('CHECKPOINT_NOT_FOUND', message, { identifier: 'place' })
}

async function fromTheBeginning(repository: Repository, git: GitPlace): Promise<Start> {
  const { head, shallow } = repository
  const commits = head === undefined ? NO_COMMITS : await listCommits(git, head)
  const first = commits.ids[0]
  const origin = first === undefined ? undefined : { commit: first, cut: shallow.has(first) }
  return { state: emptyState(origin), commits }
}

async function goOn(
  repository: Repository,
  git: GitPlace,
  saved: State,
  { onEvent }: StartOptions,
): Promise<Start> {
  const again = (reason: StartedAgain['reason']): Promise<Start> => {
    onEvent({ kind: 'started-again', reason, commit: saved.commit })
    return fromTheBeginning(repository, git)
  }
  const { head, shallow } = repository
  const { commit, origin } = saved
  if (head === undefined || commit === undefined || origin === undefined) return again('rewritten')
  if (origin.cut !== shallow.has(origin.commit)) return again('deepened')
  if (commit === head) return { state: saved, commits: NO_COMMITS }
  const commits = await listCommits(git, head, commit)
  return commits.after === commit ? { state: saved, commits } : again('rewritten')
}

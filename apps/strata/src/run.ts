import { join } from 'node:path'
import { attempt, thrownError, unwrap, type AsyncResult, type BlobStore } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { ownStore } from './find-store.ts'
import type { GitPlace } from './history/git.ts'
import { openRepository, type Repository } from './history/repository.ts'
import { sealGit } from './history/sealed-git.ts'
import { digestOf, encodeState } from './layers/state-codec.ts'
import type { State } from './layers/state.ts'
import type { PhaseResults } from './phases.ts'
import { replay } from './replay.ts'
import { reportOf } from './report/report.ts'
import type { RunEvent } from './run-event.ts'
import { findStart } from './start.ts'
import { seal, type Sealed } from './tidemark/mkvs-chunks.ts'
import {
  openPhases,
  type PhaseListener,
  type Phases,
  type PhasesOptions,
} from './tidemark/operation.ts'
import { isBucket, openStore } from './tidemark/s3.ts'

/** What a run is asked to do. */
export interface RunOptions {
  /** A directory in the repository. */
  readonly path: string
  /** A directory or `s3://bucket/prefix` to keep everything in. Default: in the git directory. */
  readonly store?: string | undefined
  /** The place is saved after so many commits, and at the end. */
  readonly every: number
  /** `begin` at the first commit, `resume` from what is saved, `update` only from what is saved. */
  readonly from: 'begin' | 'resume' | 'update'
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Ends the run after the commit at hand; its place is saved. */
  readonly signal: AbortSignal
  /** Hears what happens, as it happens. */
  readonly onEvent: (event: RunEvent) => void
}

/** How a run ended. */
export interface RunResult {
  readonly state: State
  /** The digest of the state: equal for equal commits, however often the run was interrupted. */
  readonly digest: string
  /** The number of commits that did not have to be read again; 0 when it began at the first. */
  readonly resumedFrom: number
  readonly commitsRead: number
  readonly total: number
  readonly finished: boolean
  /** What it was sealed under; `undefined` when it was interrupted. */
  readonly sealed: Sealed | undefined
}

/**
 * The pipeline, whole. Read this first:
 *
 *     plan ──▶ replay ──▶ analyse ──▶ seal
 *              history ── commit by commit ──▶ state ── every n commits ──▶ place
 *
 * Git tells the history as a stream of differences. The state knows when each surviving line was
 * born. The place holds the state and where in the stream it is, in one commit; the operation
 * knows which phases are done. Whatever ends this process, the next run goes on from there and
 * arrives at the same result, digest for digest. What it comes to is sealed under a root that two
 * machines can compare.
 *
 * Fails with what git or the store fail with; the place reached by then is saved.
 */
export function run(options: RunOptions): AsyncResult<RunResult, Failure> {
  return attempt(() => pipeline(options), thrownError<Failure>)
}

async function pipeline(options: RunOptions): Promise<RunResult> {
  const repository = unwrap(await openRepository(options.path, options.environment))
  const own = ownStore(repository)
  const location = options.store ?? own
  const store = unwrap(await openStore(location, options.environment))
  try {
    const near = isBucket(location) ? own : location
    const git = unwrap(await sealGit(repository, join(near, 'git'), options.environment))
    const phases = unwrap(await openPhases(store, phasesOptions(repository, options)))
    try {
      return await phaseByPhase({ repository, git, store, phases, options })
    } finally {
      await phases.close()
    }
  } finally {
    await store.close()
  }
}

/** What the phases work with. */
interface Work {
  readonly repository: Repository
  readonly git: GitPlace
  readonly store: BlobStore
  readonly phases: Phases
  readonly options: RunOptions
}

async function phaseByPhase({ repository, git, store, phases, options }: Work): Promise<RunResult> {
  if (options.from === 'begin') await phases.startOver()
  const start = await findStart(repository, git, store, options)
  const { state } = start
  const resumedFrom = state.position
  const total = resumedFrom + start.commits.ids.length
  const result = (digest: string, sealed?: Sealed): RunResult => {
    const { position } = state
    const read = { resumedFrom, commitsRead: position - resumedFrom, total }
    return { state, digest, ...read, finished: position === total, sealed }
  }
  if (!fits(phases.results, { total, position: resumedFrom })) await phases.startOver()

  await phases.step('plan', async () => ({ total }))
  const replayed = await phases.step('replay', () => replay(start, git, store, options))
  if (replayed === undefined) return result(digestOf(encodeState(state)))
  const { digest } = await phases.step('analyse', async () => analyse(state))
  const sealed = await phases.step('seal', async () => unwrap(await seal(store, state)))
  await phases.finish()
  return result(digest, sealed)
}

/** Whether what was done is still so: a clone may be deepened, and a place may be lost. */
function fits(
  { plan, replay }: Partial<PhaseResults>,
  now: { readonly total: number; readonly position: number },
): boolean {
  return (
    (plan?.total ?? now.total) === now.total && (replay?.position ?? now.position) === now.position
  )
}

function analyse(state: State): PhaseResults['analyse'] {
  const { files, lines } = reportOf(state)
  return { digest: digestOf(encodeState(state)), files, lines }
}

function phasesOptions({ head = '' }: Repository, { signal, onEvent }: RunOptions): PhasesOptions {
  const onPhase: PhaseListener = (phase, outcome) => onEvent({ kind: 'phase', phase, outcome })
  return { commit: head, signal, onPhase }
}

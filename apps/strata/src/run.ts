import { join } from 'node:path'
import { attempt, thrownError, unwrap, type AsyncResult, type BlobStore } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { ownStore } from './find-store.ts'
import type { GitPlace } from './history/git.ts'
import { openRepository, type Repository } from './history/repository.ts'
import { sealGit } from './history/sealed-git.ts'
import { gatherIncidents, type Incidents } from './incidents.ts'
import { openKeeping, type Keeping } from './keep.ts'
import { digestOf, encodeState } from './layers/state-codec.ts'
import type { State } from './layers/state.ts'
import type { PhaseResults } from './phases.ts'
import { expectForward, logOf, publishRoot } from './publish.ts'
import { replay } from './replay.ts'
import { finale } from './report/finale.ts'
import { jsonOf } from './report/json.ts'
import { PLAIN_PAGE } from './report/page.ts'
import { reportOf, type Report } from './report/report.ts'
import type { RunEvent } from './run-event.ts'
import { findStart } from './start.ts'
import type { Latest } from './tidemark/log-persistence.ts'
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
  /** The place is saved after so many commits, and at the end. Default: what is set. */
  readonly every?: number | undefined
  /** `begin` at the first commit, `resume` from what is saved, `update` only from what is saved. */
  readonly from: 'begin' | 'resume' | 'update'
  /** Tells also, now and then, how old the surviving lines are. Default: no. */
  readonly detail?: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Ends the run after the commit at hand; its place is saved. */
  readonly signal: AbortSignal
  /** What a calendar says. */
  readonly date: () => Date
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
  /** What the state says, in numbers. */
  readonly report: Report
  readonly incidents: Incidents
}

/**
 * The pipeline, whole. Read this first:
 *
 *     plan ──▶ replay ──▶ analyse ──▶ seal ──▶ publish
 *              history ── commit by commit ──▶ state ── every n commits ──▶ place
 *
 * Git tells the history as a stream of differences. The state knows when each surviving line was
 * born. The place holds the state and where in the stream it is, in one commit; the operation
 * knows which phases are done. Whatever ends this process, the next run goes on from there and
 * arrives at the same result, digest for digest. What it comes to is sealed under a root that two
 * machines can compare, and the root is published in a log of the branch, which only goes forward.
 * The report is kept under layers, so that nobody can change it unseen.
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
    const seen = await expectForward(repository, git, store)
    const incidents = gatherIncidents()
    const onEvent = (event: RunEvent): void => {
      incidents.hear(event)
      options.onEvent(event)
    }
    const { environment } = options
    const keeping = await openKeeping({ repository, location, store, environment }, onEvent)
    try {
      const settled = { ...options, onEvent, every: options.every ?? keeping.settings.every }
      const phases = unwrap(await openPhases(store, phasesOptions(repository, settled)))
      try {
        const work = { repository, git, store, seen, phases, keeping, options: settled }
        return await phaseByPhase({ ...work, incidents: incidents.soFar })
      } finally {
        await phases.close()
      }
    } finally {
      await keeping.close()
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
  /** What the log said when its branch was found to go on from it. */
  readonly seen: Latest
  readonly phases: Phases
  readonly keeping: Keeping
  readonly options: RunOptions & { readonly every: number }
  readonly incidents: () => Incidents
}

async function phaseByPhase(work: Work): Promise<RunResult> {
  const { repository, git, store, seen, phases, options } = work
  if (options.from === 'begin') await phases.startOver()
  const start = await findStart(repository, git, store, options)
  const { state } = start
  const resumedFrom = state.position
  const plan = { total: resumedFrom + start.commits.ids.length, log: logOf(repository) }
  const result = (digest: string, sealed?: Sealed): RunResult => {
    const read = { resumedFrom, commitsRead: state.position - resumedFrom, total: plan.total }
    const { limit } = work.keeping.settings
    const report = reportOf(state, { hotspots: limit, filePairs: limit })
    const finished = state.position === plan.total
    return { state, digest, ...read, finished, sealed, report, incidents: work.incidents() }
  }
  if (!isStillSo(phases.results, { plan, position: resumedFrom, seen })) await phases.startOver()

  await phases.step('plan', async () => plan)
  const replayed = await phases.step('replay', () =>
    replay(start, git, store, { detail: false, ...options }),
  )
  if (replayed === undefined) return result(digestOf(encodeState(state)))
  const { digest } = await phases.step('analyse', async () => analyse(state))
  const sealed = await phases.step('seal', async () => unwrap(await seal(store, state)))
  const { commit, position } = state
  if (commit !== undefined) {
    await phases.step('publish', async () => {
      const { log } = plan
      const publishedAt = options.date().toISOString()
      const { root } = sealed
      await publishRoot(store, seen, { log, position, root, commit, publishedAt })
      return { log }
    })
  }
  const finished = result(digest, sealed)
  const told = { json: jsonOf(finished), text: finale(finished, PLAIN_PAGE) }
  await work.keeping.save(plan.log, told)
  await phases.finish()
  return finished
}

/** What a run finds before its first phase. */
interface Findings {
  readonly plan: PhaseResults['plan']
  /** Where the saved place is. */
  readonly position: number
  readonly seen: Latest
}

/** Whether what was done is still so: a clone may be deepened, a place lost, a log put back. */
function isStillSo(
  known: Partial<PhaseResults>,
  { plan: { total, log }, position, seen: { published } }: Findings,
): boolean {
  const { plan = { total, log }, replay, publish } = known
  if (plan.total !== total || plan.log !== log) return false
  if (replay !== undefined && replay.position !== position) return false
  if (publish === undefined) return true
  return published?.root === known.seal?.root && published?.accepted === undefined
}

function analyse(state: State): PhaseResults['analyse'] {
  const { files, lines } = reportOf(state)
  return { digest: digestOf(encodeState(state)), files, lines }
}

function phasesOptions({ head = '' }: Repository, { signal, onEvent }: RunOptions): PhasesOptions {
  const onPhase: PhaseListener = (phase, outcome) => onEvent({ kind: 'phase', phase, outcome })
  return { commit: head, signal, onPhase }
}

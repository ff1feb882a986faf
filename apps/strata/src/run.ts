import { join } from 'node:path'
import { attempt, thrownError, unwrap, type AsyncResult } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { openRepository } from './history/repository.ts'
import { sealGit } from './history/sealed-git.ts'
import { digestOf, encodeState } from './layers/state-codec.ts'
import type { State } from './layers/state.ts'
import { replay } from './replay.ts'
import type { RunEvent } from './run-event.ts'
import { findStart } from './start.ts'
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
}

/**
 * The pipeline, whole. Read this first:
 *
 *     history ── commit by commit ──▶ state ── every n commits ──▶ checkpoint
 *
 * Git tells the history as a stream of differences. The state knows when each surviving line was
 * born. The checkpoint holds the state and thereby the place in the stream: whatever ends this
 * process, the next run reads on from there and arrives at the same state, digest for digest.
 *
 * Fails with what git or the storage fail with; the place reached by then is saved.
 */
export function run(options: RunOptions): AsyncResult<RunResult, Failure> {
  return attempt(() => pipeline(options), thrownError<Failure>)
}

async function pipeline(options: RunOptions): Promise<RunResult> {
  const repository = unwrap(await openRepository(options.path, options.environment))
  const own = join(repository.gitDirectory, 'strata')
  const location = options.store ?? own
  const store = unwrap(await openStore(location, options.environment))
  try {
    const near = isBucket(location) ? own : location
    const git = unwrap(await sealGit(repository, join(near, 'git'), options.environment))
    const start = await findStart(repository, git, store, options)
    const { state } = start
    const resumedFrom = state.position
    const total = resumedFrom + start.commits.ids.length
    await replay(start, git, store, options)
    const digest = digestOf(encodeState(state))
    const commitsRead = state.position - resumedFrom
    return { state, digest, resumedFrom, commitsRead, total, finished: state.position === total }
  } finally {
    await store.close()
  }
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, coreError, thrownError, unwrap, type AsyncResult } from '@tidemark/core'
import { makeRepository, ownEnvironment } from '../demo/make-repository.ts'
import { randomFrom } from '../demo/random.ts'
import type { Failure } from '../errors.ts'
import { PLAY } from './acts.ts'
import { ACTS, type ActName, type ActView } from './chaos-view.ts'
import { copy, runIn, type Scene } from './scene.ts'

/** What is to be broken, and how. */
export interface ChaosOptions extends Pick<Scene, 'environment' | 'signal' | 'date'> {
  /** Decides where each blow falls; the same seed, the same blows. */
  readonly seed: number
  /** Default: all of them. */
  readonly acts?: readonly ActName[]
  readonly onEvent: (event: ChaosEvent) => void
}

/** What happens, in the order in which it happens. */
export type ChaosEvent =
  | { readonly kind: 'untouched'; readonly digest: string }
  | { readonly kind: 'act'; readonly act: ActName }
  | ({ readonly kind: 'outcome' } & ActView)

/** How it ended. */
export interface ChaosResult {
  readonly seed: number
  readonly untouched: string
  readonly acts: readonly ActView[]
  /** Whether everything came to the digest that it should come to. */
  readonly survived: boolean
}

/** Who rewrites a history, and when: always the same commit. */
const SIGNATURE = {
  GIT_AUTHOR_NAME: 'Chaos',
  GIT_AUTHOR_EMAIL: 'chaos@harbour.example',
  GIT_AUTHOR_DATE: '1741200000 +0000',
  GIT_COMMITTER_NAME: 'Chaos',
  GIT_COMMITTER_EMAIL: 'chaos@harbour.example',
  GIT_COMMITTER_DATE: '1741200000 +0000',
}

/** Long enough for a kill in the middle; the same for everybody. */
const MADE = { seed: 20_170_306, commits: 600 } as const

/**
 * Makes a repository in a temporary folder, reads it once untouched, and then does its worst to
 * copies of it, one after the other. What belongs to the user is not so much as looked at. Fails
 * with `HARM_UNSEEN` when a blow went unseen.
 */
export async function chaos(options: ChaosOptions): AsyncResult<ChaosResult, Failure> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-chaos-'))
  try {
    return await attempt(() => play(folder, options), thrownError<Failure>)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function play(folder: string, options: ChaosOptions): Promise<ChaosResult> {
  const { signal, date, seed, acts = ACTS, onEvent } = options
  // No variable of the user's may lead git to a repository of theirs.
  const environment = { ...ownEnvironment(options.environment), ...SIGNATURE }
  const [repository, store] = [join(folder, 'made.git'), join(folder, 'store')]
  unwrap(await makeRepository(repository, MADE, environment))
  const stage = { scratch: folder, repository, store, environment, signal, date }
  const { result } = await runIn(stage)
  const untouched = { digest: result.digest, root: result.sealed?.root ?? '' }
  onEvent({ kind: 'untouched', digest: untouched.digest })
  const views: ActView[] = []
  for (const [index, act] of acts.entries()) {
    expectToGoOn(signal)
    onEvent({ kind: 'act', act })
    const own = join(folder, act)
    const scene = { ...stage, scratch: own, store: join(own, 'store'), untouched }
    await mkdir(own)
    await Promise.all([copy(store, scene.store), copy(repository, join(own, 'made.git'))])
    const random = randomFrom(seed + index)
    const found = await PLAY[act]({ ...scene, repository: join(own, 'made.git'), random })
    expectToGoOn(signal)
    const { expected = untouched.digest, ...rest } = found
    const view = { act, ...rest, isSame: rest.digest === expected }
    views.push(view)
    onEvent({ kind: 'outcome', ...view })
    await rm(own, { recursive: true, force: true })
  }
  const survived = views.every(({ isSame }) => isSame)
  return { seed, untouched: untouched.digest, acts: views, survived }
}

/** A run that was interrupted comes to less: that is no outcome. */
function expectToGoOn({ aborted }: AbortSignal): void {
  if (!aborted) return
  throw coreError('ABORTED', 'interrupted', { operation: 'chaos', committed: false })
}

import { mkdir } from 'node:fs/promises'
import { devNull } from 'node:os'
import { Readable } from 'node:stream'
import { attempt, thrownError, unwrap, type AsyncResult } from '@tidemark/core'
import { askGit, startGit, type GitError, type GitPlace } from '../history/git.ts'
import { madeHistory, type HistoryPlan } from './made-history.ts'

/** So many characters are handed to git at once. */
const PORTION = 256 * 1024

/**
 * Makes a repository with a made-up history in a directory that does not exist yet. Equal plans
 * make equal commits. Takes about a second for three thousand.
 */
export function makeRepository(
  directory: string,
  plan: HistoryPlan,
  environment: GitPlace['environment'],
): AsyncResult<void, GitError> {
  const make = async (): Promise<void> => {
    await mkdir(directory, { recursive: true })
    const place = { directory, environment: ownEnvironment(environment) }
    unwrap(await askGit(place, ['init', '--quiet', '--bare', '--template=', '.']))
    unwrap(await askGit(place, ['symbolic-ref', 'HEAD', 'refs/heads/main']))
    // It is thrown away soon: neither small nor durable, but fast.
    const settings = ['-c', 'core.compression=0', '-c', 'core.fsync=none']
    const fill = startGit(place, [...settings, 'fast-import', '--quiet', '--depth=0'])
    Readable.from(inPortions(madeHistory(plan))).pipe(fill.input)
    for await (const _ of fill.output) {
      // It has nothing to say; reading to the end tells whether it failed.
    }
  }
  return attempt(make, thrownError<GitError>)
}

/** Surroundings in which git knows of no repository but the one it is told, and of no settings. */
export function ownEnvironment(environment: GitPlace['environment']): GitPlace['environment'] {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('GIT_'))
  const own = { GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' }
  return { ...Object.fromEntries(kept), ...own }
}

function* inPortions(texts: Iterable<string>): Generator<string, void> {
  let portion = ''
  for (const text of texts) {
    portion += text
    if (portion.length < PORTION) continue
    yield portion
    portion = ''
  }
  yield portion
}

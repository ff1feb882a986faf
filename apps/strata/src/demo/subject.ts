import { join } from 'node:path'
import { ok, type AsyncResult } from '@tidemark/core'
import { askGit, type GitError } from '../history/git.ts'
import { formatCount } from '../report/format.ts'
import { makeRepository } from './make-repository.ts'

/** The repository that the demo reads. */
export interface Subject {
  readonly path: string
  /** What it is, in a few words. */
  readonly description: string
}

/** What there is to choose from. */
export interface SubjectOptions {
  /** The path that was asked for, if any. */
  readonly asked: string | undefined
  /** A directory of this very project. */
  readonly own: string
  /** Where a repository can be made. */
  readonly scratch: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** A shorter history is over before it can be killed in an interesting place. */
const ENOUGH_COMMITS = 300

/** The made-up history is the same for everybody. */
const MADE = { seed: 20_170_306, commits: 3000 } as const

/** The repository that was asked for; else this one if it is long enough; else a made-up one. */
export async function findSubject(options: SubjectOptions): AsyncResult<Subject, GitError> {
  const { asked, own, scratch, environment, now } = options
  if (asked !== undefined) return ok({ path: asked, description: asked })
  if ((await countCommits(own, environment)) >= ENOUGH_COMMITS) {
    return ok({ path: own, description: `${own}, the repository of Tidemark itself` })
  }
  const path = join(scratch, 'made-up.git')
  const startedAt = now()
  const made = await makeRepository(path, MADE, environment)
  if (!made.ok) return made
  const seconds = ((now() - startedAt) / 1000).toFixed(1)
  const count = formatCount(MADE.commits)
  const description = `a made-up one of ${count} commits over eight years, made in ${seconds} s`
  return ok({ path, description })
}

/** The length of the first-parent line; 0 where there is none to read. */
async function countCommits(
  directory: string,
  environment: SubjectOptions['environment'],
): Promise<number> {
  const question = ['rev-list', '--count', '--first-parent', 'HEAD']
  const counted = await askGit({ directory, environment }, question)
  return counted.ok ? Number(counted.value) : 0
}

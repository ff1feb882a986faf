import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { attempt, err, ok, quote, type AsyncResult } from '@tidemark/core'
import { strataError, type StrataError } from '../errors.ts'
import { askGit, type GitError, type GitPlace } from './git.ts'

/** A repository as found: where its parts lie, and the commit it stands at. */
export interface Repository {
  /** The path that was asked for, absolute. */
  readonly path: string
  /** Its git directory; in a linked worktree the worktree's own. */
  readonly gitDirectory: string
  /** Where its objects lie. */
  readonly objectDirectory: string
  readonly objectFormat: string
  /** The commit that is checked out; `undefined` in a repository without commits. */
  readonly head: string | undefined
  /** The branch that is checked out, `refs/heads/main`; `undefined` when the head is detached. */
  readonly branch: string | undefined
  /** The commits at which a shallow clone was cut: their parents are not there. */
  readonly shallow: ReadonlySet<string>
}

/**
 * Finds the repository at (or above) a path. Git itself decides whether it may be read: with the
 * user's own configuration, because that is where `safe.directory` says whose repositories are
 * trusted. Everything after this is read without any configuration: see `sealGit`.
 *
 * Fails with `PATH_UNREADABLE`, `NOT_A_REPOSITORY`, `DUBIOUS_OWNERSHIP`, `GIT_NOT_FOUND`.
 */
export async function openRepository(
  path: string,
  environment: GitPlace['environment'],
): AsyncResult<Repository, GitError> {
  const directory = resolve(path)
  const readable = await expectDirectory(directory)
  if (!readable.ok) return readable
  const place = { directory, environment: discoveryEnvironment(environment) }
  const facts = ['--is-shallow-repository', '--show-object-format']
  // One question for each path, because a path may hold a line feed.
  const [about, gitDirectory, common] = [
    await askGit(place, ['rev-parse', ...facts]),
    await askGit(place, ['rev-parse', '--absolute-git-dir']),
    await askGit(place, ['rev-parse', '--git-common-dir']),
  ]
  if (!about.ok) return about
  if (!gitDirectory.ok) return gitDirectory
  if (!common.ok) return common
  const commonDirectory = resolve(directory, common.value)
  const [shallow, objectFormat = 'sha1'] = about.value.split('\n')
  const head = await askGit(place, ['rev-parse', '--quiet', '--verify', 'HEAD^{commit}'])
  // With --quiet git says nothing when there is no commit yet; a complaint is something else.
  if (!head.ok && !isSilent(head.error)) return head
  const branch = await askGit(place, ['symbolic-ref', '--quiet', 'HEAD'])
  if (!branch.ok && !isSilent(branch.error)) return branch
  const cuts = await readShallow(resolve(commonDirectory, 'shallow'), shallow === 'true')
  if (!cuts.ok) return cuts
  return ok({
    path: directory,
    gitDirectory: gitDirectory.value,
    objectDirectory: resolve(commonDirectory, 'objects'),
    objectFormat,
    head: head.ok ? head.value : undefined,
    branch: branch.ok ? branch.value : undefined,
    shallow: cuts.value,
  })
}

/** The commit that a reference stands at. Fails as {@link openRepository} does, or `GIT_FAILED`. */
export function tipOf(
  path: string,
  environment: GitPlace['environment'],
  reference: string,
): AsyncResult<string, GitError> {
  const place = { directory: path, environment: discoveryEnvironment(environment) }
  return askGit(place, ['rev-parse', '--verify', '--end-of-options', `${reference}^{commit}`])
}

function isSilent(error: GitError): boolean {
  return error.code === 'GIT_FAILED' && error.details.message === ''
}

/** The variables that would make git look at another repository than the one at the path. */
const REPOSITORY_VARIABLES = new Set([
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_DIR',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_NAMESPACE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_WORK_TREE',
])

function discoveryEnvironment(environment: GitPlace['environment']): GitPlace['environment'] {
  const kept = Object.entries(environment).filter(([name]) => !REPOSITORY_VARIABLES.has(name))
  // Complaints are recognised by their English text; looking must not lock or refresh anything.
  return { ...Object.fromEntries(kept), LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' }
}

async function expectDirectory(path: string): AsyncResult<void, StrataError<'PATH_UNREADABLE'>> {
  const look = async (): Promise<string | undefined> => {
    if (!(await stat(path)).isDirectory()) return 'ENOTDIR'
    await access(path, constants.R_OK | constants.X_OK)
    return undefined
  }
  const looked = await attempt(look, systemCode)
  const system = looked.ok ? looked.value : looked.error
  return system === undefined ? ok() : err(unreadable(path, system))
}

/** The file `shallow` of a git directory: one commit in each line. */
async function readShallow(
  path: string,
  isShallow: boolean,
): AsyncResult<ReadonlySet<string>, StrataError<'PATH_UNREADABLE'>> {
  if (!isShallow) return ok(new Set())
  const text = await attempt(() => readFile(path, 'utf8'), systemCode)
  if (text.ok) return ok(new Set(text.value.split('\n').filter((line) => line !== '')))
  return err(unreadable(path, text.error))
}

function unreadable(path: string, system: string): StrataError<'PATH_UNREADABLE'> {
  const why = REASONS.get(system) ?? `cannot be read (${system})`
  return strataError('PATH_UNREADABLE', `${quote(path)} ${why}`, { path, system })
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'is not a directory'],
  ['EACCES', 'may not be read by this user'],
])

function systemCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
}

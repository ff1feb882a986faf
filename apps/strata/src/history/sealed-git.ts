import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { attempt, coreError, ok, type AsyncResult, type CoreError } from '@tidemark/core'
import type { GitPlace } from './git.ts'
import type { Repository } from './repository.ts'

/**
 * Makes an empty git directory whose objects are the repository's, and gives the surroundings to
 * run git in it.
 *
 * What a difference looks like depends on a dozen settings, on attributes in the working tree, on
 * `info/attributes`, grafts, replaced objects and the environment. None of them is part of a
 * commit, so none of them may change what Strata computes. A directory of its own has none of
 * them: the history read here is a function of the objects alone. Nothing in the repository is
 * touched, and no object is fetched.
 */
export async function sealGit(
  repository: Repository,
  directory: string,
  environment: GitPlace['environment'],
): AsyncResult<GitPlace, CoreError<'IO_FAILED'>> {
  const written = await attempt(() => writeDirectory(repository, directory), sealFailure)
  if (!written.ok) return written
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith('GIT_') || name === 'GIT_EXEC_PATH',
  )
  return ok({
    directory,
    environment: {
      ...Object.fromEntries(kept),
      LC_ALL: 'C',
      GIT_DIR: directory,
      GIT_OBJECT_DIRECTORY: repository.objectDirectory,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: devNull,
      GIT_ATTR_NOSYSTEM: '1',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_OPTIONAL_LOCKS: '0',
    },
  })
}

async function writeDirectory(repository: Repository, directory: string): Promise<void> {
  await mkdir(join(directory, 'objects'), { recursive: true, mode: 0o700 })
  await mkdir(join(directory, 'refs'), { recursive: true, mode: 0o700 })
  await writeWhole(join(directory, 'HEAD'), 'ref: refs/heads/none\n')
  await writeWhole(join(directory, 'config'), configOf(repository))
  const shallow = join(directory, 'shallow')
  // Even an empty list makes git take the clone for a shallow one, and forgo its commit graph.
  if (repository.shallow.size === 0) await rm(shallow, { force: true })
  else await writeWhole(shallow, [...repository.shallow, ''].join('\n'))
}

function sealFailure(thrown: unknown): CoreError<'IO_FAILED'> {
  const system = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
  const message = `the store cannot be written (${system}); name another with --store`
  return coreError('IO_FAILED', message, { operation: 'seal', system }, thrown)
}

function configOf(repository: Repository): string {
  const lines = [
    '[core]',
    '\trepositoryFormatVersion = 1',
    '\tbare = true',
    `\tattributesFile = ${devNull}`,
    // Larger files count as binary: git's own default, which no other setting can change here.
    '\tbigFileThreshold = 512m',
  ]
  if (repository.objectFormat !== 'sha1') {
    lines.push('[extensions]', `\tobjectFormat = ${repository.objectFormat}`)
  }
  return `${lines.join('\n')}\n`
}

/** Writes a small file so that another run, reading it now, sees all of it or the one before. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, text, { mode: 0o600 })
  await rename(temporary, path)
}

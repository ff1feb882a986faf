import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
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
): Promise<GitPlace> {
  await mkdir(join(directory, 'objects'), { recursive: true, mode: 0o700 })
  await mkdir(join(directory, 'refs'), { recursive: true, mode: 0o700 })
  await writeWhole(join(directory, 'HEAD'), 'ref: refs/heads/none\n')
  await writeWhole(join(directory, 'config'), configOf(repository))
  const shallow = join(directory, 'shallow')
  if (repository.shallowFile === undefined) await rm(shallow, { force: true })
  else await writeWhole(shallow, await readFile(repository.shallowFile, 'utf8'))
  const kept = Object.entries(environment).filter(
    ([name]) => !name.startsWith('GIT_') || name === 'GIT_EXEC_PATH',
  )
  return {
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
  }
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

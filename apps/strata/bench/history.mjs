// Made-up histories, the same on every machine, made once and kept.
import { mkdirSync, existsSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { makeRepository } from '../dist/demo/make-repository.js'

const SEED = 20_170_306

/** The directory of a repository whose first-parent line has so many commits. */
export async function historyOf(commits) {
  const folder = join(tmpdir(), 'strata-histories')
  const path = join(folder, `${commits}-${SEED}.git`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  // Whole or not there: whoever is killed leaves a draft, and the next one begins another.
  const draft = `${path}.${process.pid}`
  unwrap(await makeRepository(draft, { seed: SEED, commits }, process.env))
  renameSync(draft, path)
  return path
}

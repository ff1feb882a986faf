// Made-up histories, the same on every machine, made once and kept.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { makeRepository } from '../dist/demo/make-repository.js'
import { ENVIRONMENT } from './process.mjs'

const SEED = 20_170_306

/** A repository in `dir` whose first-parent line has so many commits; its objects are borrowed. */
export async function historyIn(dir, commits) {
  const path = join(dir, `${commits}.git`)
  const clone = ['clone', '--quiet', '--bare', '--shared', await keptHistory(commits), path]
  execFileSync('git', clone, { env: ENVIRONMENT })
  return path
}

async function keptHistory(commits) {
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

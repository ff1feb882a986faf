// A whole run, start of the process included, beside plain git; and with the place saved beside
// without. In turn, so that a busy machine is as busy for each.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { median, row } from '@tidemark/bench-kit'
import { FORM, MEANING } from '../dist/history/read-history.js'
import { drained, strata } from './process.mjs'

const MAX_OF_GIT = 3
const MAX_COST = 0.05
const EVERY = 500
/** More than there are: the place is saved at the end only, which every run does. */
const NEVER = 1_000_000

export async function reading({ repository, dir, commits, rounds }) {
  const store = join(dir, 'store')
  const run = async (every) => {
    rmSync(store, { recursive: true, force: true })
    const took = await strata(['run', repository, '--store', store, '--every', `${every}`])
    if (took.result.commitsRead !== commits) throw new Error('it did not read all')
    return took
  }
  // The same bytes, from the same objects, in the same order: as git itself would walk them.
  const walk = ['log', '--first-parent', '-m', '--reverse', '--no-abbrev']
  const git = () => drained(['git', '-C', repository, ...walk, ...FORM, ...MEANING, 'HEAD'])
  const candidates = { git, saving: () => run(EVERY), never: () => run(NEVER) }
  const samples = await inRounds(rounds, candidates)
  const of = (name, what) => median(samples.map((round) => round[name][what]))
  const ratio = (a, b, what) => median(samples.map((round) => round[a][what] / round[b][what]))
  const mb = `${(samples[0].git.bytes / 1e6).toFixed(0)} MB`
  process.stdout.write(`\n${commits} commits, ${mb} of differences, medians of ${rounds} rounds\n`)

  const perSecond = (name) => `${Math.round((commits / of(name, 'ms')) * 1000)} commits/s`
  const times = ratio('saving', 'git', 'ms')
  const beside = `${perSecond('saving')}, git log -p ${perSecond('git')}`
  row(
    'a whole run',
    beside,
    `${times.toFixed(2)}×`,
    `≤ ${MAX_OF_GIT}× its time`,
    times <= MAX_OF_GIT,
  )
  const ofProcessors = ratio('saving', 'git', 'cpuMs')
  const both = ['saving', 'git'].map((name) => `${of(name, 'cpuMs')} ms`).join(', git log -p ')
  if (!Number.isNaN(ofProcessors)) row('  processor time', both, `${ofProcessors.toFixed(2)}×`)

  for (const [what, name] of [
    ['ms', `saving every ${EVERY} commits, by the clock`],
    ['cpuMs', '  processor time'],
  ]) {
    const cost = ratio('saving', 'never', what) - 1
    if (Number.isNaN(cost)) continue
    const figures = `${of('saving', what).toFixed(0)} ms, never ${of('never', what).toFixed(0)} ms`
    const percent = `${(100 * cost).toFixed(1)} %`
    row(name, figures, percent, `≤ ${100 * MAX_COST} %`, cost <= MAX_COST)
  }
}

/** What each took in each round; the first round warms the caches and does not count. */
async function inRounds(rounds, candidates) {
  const names = Object.keys(candidates)
  const samples = []
  for (let round = -1; round < rounds; round++) {
    const sample = {}
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      sample[name] = await candidates[name]()
    }
    if (round >= 0) samples.push(sample)
  }
  return samples
}

// pnpm soak operation [--seed N] [--minutes N] [--runs N]: more schedules, more kills, more crash states:
// one deep round, or so many; with --minutes rounds as large as the tests have, until the time is up.
// Every round prints its seed; `--seed` begins with that one.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string' },
    runs: { type: 'string' },
  },
})
const isTimed = values.minutes !== undefined
/** How much a round looks at. What is left out is what the tests look at. */
const round = isTimed
  ? { TIDEMARK_SEEDS: '500', TIDEMARK_KILLS: '25' }
  : { TIDEMARK_SEEDS: '2000', TIDEMARK_KILLS: '100', TIDEMARK_STATES: '2000' }
const mostRuns = Number(values.runs ?? (isTimed ? Infinity : 1))
const cwd = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/.bin/vitest', import.meta.url))
const endMs = isTimed ? Date.now() + Number(values.minutes) * 60_000 : Infinity
let seed = Number(values.seed)
let runs = 0
do {
  process.stdout.write(`seed ${seed}\n`)
  const env = { ...process.env, ...round, TIDEMARK_SEED: String(seed) }
  const files = ['test/owners.test.ts', 'test/kill.test.ts', 'test/crash-states.test.ts']
  const args = ['run', '--testTimeout=3600000', '--reporter=default', ...files]
  const { status } = spawnSync(vitest, args, { cwd, env, stdio: 'inherit' })
  if (status !== 0) {
    process.stdout.write(`failed with seed ${seed}\n`)
    process.exit(1)
  }
  seed += Number(round.TIDEMARK_SEEDS)
  runs += 1
} while (runs < mostRuns && Date.now() < endMs)
const [schedules, kills] = [runs * round.TIDEMARK_SEEDS, runs * round.TIDEMARK_KILLS]
process.stdout.write(
  `operation: seed ${values.seed}, ${runs} rounds of crash states, ${schedules} schedules, ${kills} kills, 0 violations\n`,
)

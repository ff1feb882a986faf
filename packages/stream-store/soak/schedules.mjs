// Writers that sleep at any moment, power cuts, and two processes on one disk, in far more orders
// than every test run has. The proofs are those of the tests, so that there is one text of each.
// --seed N (the first seed), --runs N (so many schedules), --states N (a cut with up to so many
// states has all of them looked at, of more so many are drawn), --minutes N (rounds as large as those
// of the tests, each with another seed, until the time is up).
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string' },
    states: { type: 'string' },
    minutes: { type: 'string' },
  },
  strict: false,
})
const isTimed = values.minutes !== undefined
const first = Number(values.seed ?? Date.now() % 1_000_000)
const runs = Number(values.runs ?? (isTimed ? 500 : 5000))
const states = values.states ?? (isTimed ? undefined : '20000')
const endMs = isTimed ? Date.now() + Number(values.minutes) * 60_000 : 0
const tests = ['zombies', 'crash', 'crash-processes'].map((name) => `test/${name}.test.ts`)
let rounds = 0
do {
  const { status } = spawnSync('npx', ['vitest', 'run', ...tests], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
    env: {
      ...process.env,
      TIDEMARK_SOAK_SEED: String(first + rounds * runs),
      TIDEMARK_SOAK_RUNS: String(runs),
      ...(states === undefined ? {} : { TIDEMARK_SOAK_STATES: states }),
    },
  })
  if (status !== 0) process.exit(status ?? 1)
  rounds += 1
} while (Date.now() < endMs)
process.stdout.write(
  `stream-store: seed ${first}, ${rounds * runs} schedules, ${rounds} rounds of crash states, 0 violations\n`,
)

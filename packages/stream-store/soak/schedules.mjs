// Writers that sleep at any moment, power cuts, and two processes on one disk, in far more orders
// than every test run has. The proofs are those of the tests, so that there is one text of each.
// --seed N (the first seed), --runs N (so many schedules), --states N (a cut with up to so many
// states has all of them looked at, of more so many are drawn).
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string' }, states: { type: 'string' } },
  strict: false,
})
const seed = values.seed ?? String(Date.now() % 1_000_000)
const runs = values.runs ?? '5000'
const states = values.states ?? '20000'
process.stdout.write(
  `stream-store: seed ${seed}, ${runs} schedules, up to ${states} states a cut\n`,
)
const tests = ['zombies', 'crash', 'crash-processes'].map((name) => `test/${name}.test.ts`)
const run = spawnSync('npx', ['vitest', 'run', ...tests], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
  env: {
    ...process.env,
    TIDEMARK_SOAK_SEED: seed,
    TIDEMARK_SOAK_RUNS: runs,
    TIDEMARK_SOAK_STATES: states,
  },
})
process.exit(run.status ?? 1)

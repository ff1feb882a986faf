// Writers that sleep at any moment, and power cuts, in far more orders than every test run has.
// --seed N (the first seed), --runs N (so many seeds), --states N (of each cut at most so many).
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string' }, states: { type: 'string' } },
  strict: false,
})
const seed = values.seed ?? String(Date.now() % 1_000_000)
const runs = values.runs ?? '5000'
const states = values.states ?? '2000'
process.stdout.write(
  `stream-store: seed ${seed}, ${runs} schedules, up to ${states} states a cut\n`,
)
const run = spawnSync('npx', ['vitest', 'run', 'test/zombies.test.ts', 'test/crash.test.ts'], {
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

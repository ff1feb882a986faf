// pnpm soak operation [--seed N] [--minutes N] [--runs N]: more schedules, more kills, until the time is up.
// Every round prints its seed; `--seed` begins with that one.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '10' },
    runs: { type: 'string' },
    kills: { type: 'string', default: '100' },
    schedules: { type: 'string', default: '2000' },
    states: { type: 'string', default: '2000' },
  },
})
const cwd = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/.bin/vitest', import.meta.url))
const endMs = Date.now() + Number(values.minutes) * 60_000
let seed = Number(values.seed)
let runs = 0
do {
  process.stdout.write(`seed ${seed}\n`)
  const env = {
    ...process.env,
    TIDEMARK_SEED: String(seed),
    TIDEMARK_SEEDS: values.schedules,
    TIDEMARK_KILLS: values.kills,
    TIDEMARK_STATES: values.states,
  }
  const files = ['test/owners.test.ts', 'test/kill.test.ts', 'test/crash-states.test.ts']
  const args = ['run', '--testTimeout=3600000', '--reporter=default', ...files]
  const { status } = spawnSync(vitest, args, { cwd, env, stdio: 'inherit' })
  if (status !== 0) {
    process.stdout.write(`failed with seed ${seed}\n`)
    process.exit(1)
  }
  seed += Number(values.schedules)
  runs += 1
} while (values.runs === undefined ? Date.now() < endMs : runs < Number(values.runs))
process.stdout.write(`${runs} runs, 0 violations\n`)

// 100 000 stored objects spoiled at random: a typed error or the original value, nothing else.
// pnpm soak wrappers [--seed N] [--runs N] [--minutes N] (minutes: so many runs as fit, roughly)
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    runs: { type: 'string' },
  },
})
const RUNS_A_MINUTE = 10_000
const usual = values.minutes === undefined ? 100_000 : Number(values.minutes) * RUNS_A_MINUTE
const home = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/.bin/vitest', import.meta.url))
const run = spawnSync(
  vitest,
  ['run', 'test/fuzz.test.ts', '--reporter', 'default', '--outputFile.json', 'dist/fuzz.json'],
  {
    cwd: home,
    encoding: 'utf8',
    env: {
      ...process.env,
      TIDEMARK_FUZZ_RUNS: values.runs ?? String(usual),
      TIDEMARK_SEED: values.seed,
    },
  },
)
const line = /^fuzz: .*$/m.exec(run.stdout)?.[0]
process.stdout.write(`${line ?? run.stdout + run.stderr}\n`)
process.exitCode = run.status ?? 1

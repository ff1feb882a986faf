// node soak/crash-states.mjs [--seed 1] [--minutes 10] [--effort 4]
//
// The proofs of `test/crash-*.test.ts` and `test/syscalls-*.test.ts`, again and again: another
// seed each round, and several times as many states of whatever is too large to enumerate. They
// run on the sources, through the test runner, so that there is one text of each proof.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values: given } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    runs: { type: 'string' },
    effort: { type: 'string', default: '4' },
  },
})
const home = fileURLToPath(new URL('..', import.meta.url))
const tests = readdirSync(`${home}/test`)
  .filter((file) => /^(crash|syscalls|kill)-.*\.test\.ts$/.test(file))
  .map((file) => `test/${file}`)
const begun = performance.now()
const limitMs = Number(given.minutes) * 60_000
const rounds = Number(given.runs ?? Infinity)

let [states, round, violations] = [0, 0, 0]
for (; round < rounds && (round === 0 || performance.now() - begun < limitMs); round += 1) {
  const seed = Number(given.seed) * 1_000 + round
  const run = spawnSync(
    'node_modules/.bin/vitest',
    ['run', '--no-file-parallelism', '--testTimeout', '7200000', ...tests],
    {
      cwd: home,
      encoding: 'utf8',
      env: {
        ...process.env,
        NO_COLOR: '1',
        TIDEMARK_SEED: String(seed),
        TIDEMARK_CRASH_EFFORT: given.effort,
      },
      maxBuffer: 64 * 1024 * 1024,
    },
  )
  const said = `${run.stdout}${run.stderr}`
  for (const line of said.split('\n')) {
    const [, count] = /^crash states of .*: (\d+), /.exec(line) ?? []
    if (/^(crash states|failing system calls|kills|SKIPPED)/.test(line)) {
      process.stdout.write(`${line}\n`)
    }
    states += Number(count ?? 0)
  }
  if (run.status === 0) continue
  violations += 1
  process.stdout.write(`VIOLATION with seed ${seed}:\n${said.slice(0, 20_000)}\n`)
}
process.stdout.write(
  `crash states: ${states} looked at in ${round} rounds (seed ${given.seed}), ` +
    `${violations} rounds with violations\n`,
)
process.exit(violations === 0 ? 0 : 1)

// pnpm soak [package] [--seed N] [--minutes N] [--runs N]: the long runs of a package, or of all, one
// after the other: <package>/soak/*.mjs on the built packages. With --minutes they share that time.
// Each prints what it looked at, its seed and its violations; any violation, or an end by itself,
// fails the whole. What cannot run here says why and ends with 77: a skip, told as one.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

const SKIPPED = 77

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    runs: { type: 'string' },
  },
})
const [wanted] = positionals
const homes = ['packages', 'apps']
  .flatMap((dir) => readdirSync(dir).map((each) => `${dir}/${each}`))
  .filter((home) => existsSync(`${home}/soak`))
  .filter((home) => wanted === undefined || home.endsWith(`/${wanted}`))
if (homes.length === 0) {
  process.stderr.write('usage: pnpm soak [package] [--seed N] [--minutes N] [--runs N]\n')
  process.exit(2)
}
const scripts = homes.flatMap((home) =>
  readdirSync(`${home}/soak`)
    .filter((file) => file.endsWith('.mjs'))
    .sort()
    .map((file) => `${home}/soak/${file}`),
)
const [built] = await once(
  spawn('pnpm', ['run', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] }),
  'exit',
)
if (built !== 0) process.exit(built ?? 1)

const results = []
for (const script of scripts) results.push(await run(script))
process.stdout.write('\n')
for (const { script, how, seconds, said } of results) {
  const name = script
    .replace(/^\w+\//, '')
    .replace('/soak/', ' ')
    .replace('.mjs', '')
  process.stdout.write(`${how} ${name.padEnd(30)} ${`${seconds} s`.padStart(7)}  ${said}\n`)
}
const failed = results.filter(({ how }) => how === '✗').length
const skipped = results.filter(({ how }) => how === '–').length
process.stdout.write(
  `${results.length} long runs, seed ${values.seed}: ${failed} with violations, ${skipped} skipped\n`,
)
process.exit(failed === 0 ? 0 : 1)

/** Runs one; what it prints is shown as it comes, its last line again at the end. */
async function run(script) {
  const begun = performance.now()
  const child = spawn(process.execPath, [script, ...flags()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let said = ''
  for await (const line of createInterface({ input: child.stdout })) {
    process.stdout.write(`${line}\n`)
    if (line.trim() !== '') said = line
  }
  const [status] = await ended
  const seconds = ((performance.now() - begun) / 1000).toFixed(0)
  return { script, how: status === 0 ? '✓' : status === SKIPPED ? '–' : '✗', seconds, said }
}

/** What each is given: its share of the time. */
function flags() {
  const given = ['--seed', values.seed]
  if (values.runs !== undefined) given.push('--runs', values.runs)
  if (values.minutes === undefined) return given
  return [...given, '--minutes', String(Number(values.minutes) / scripts.length)]
}

// pnpm soak <package> [--seed N] [--minutes N] [--runs N]: the long runs of a package, one after
// the other: <package>/soak/*.mjs on the built package. Each prints one line with what it looked
// at, its seed and its violations; any violation, or an end by itself, fails the whole.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

const [name, ...rest] = process.argv.slice(2)
const homes = ['packages', 'apps'].flatMap((dir) =>
  readdirSync(dir).map((each) => `${dir}/${each}`),
)
const home = homes.find((each) => each.endsWith(`/${name}`) && existsSync(`${each}/soak`))
if (home === undefined) {
  process.stderr.write('usage: pnpm soak <package> [--seed N] [--minutes N] [--runs N]\n')
  process.exit(2)
}
const build = spawnSync('pnpm', ['run', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
if (build.status !== 0) process.exit(build.status ?? 1)

const SKIPPED = 77
let failed = 0
for (const script of readdirSync(`${home}/soak`)
  .filter((file) => file.endsWith('.mjs'))
  .sort()) {
  const run = spawnSync(process.execPath, [`${home}/soak/${script}`, ...rest], { stdio: 'inherit' })
  // What cannot run here says why and ends with 77: a skip, told as one.
  if (run.status === SKIPPED) {
    process.stdout.write(`${script} skipped\n`)
  } else if (run.status !== 0) {
    failed += 1
    process.stderr.write(`${script} failed (${run.status ?? run.signal})\n`)
  }
}
process.exit(failed === 0 ? 0 : 1)

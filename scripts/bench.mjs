// pnpm bench <package> [--full]: runs packages/<package>/bench/index.mjs on the built package.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

const [name, ...rest] = process.argv.slice(2)
const homes = ['packages', 'apps'].flatMap((dir) =>
  readdirSync(dir).map((each) => `${dir}/${each}`),
)
const withBench = homes.filter((home) => existsSync(`${home}/bench/index.mjs`))
const home = withBench.find((each) => each.endsWith(`/${name}`))
if (home === undefined) {
  const names = withBench.map((each) => each.split('/')[1]).join(' ')
  process.stderr.write(`usage: pnpm bench <package> [--full]\npackages with benchmarks: ${names}\n`)
  process.exit(2)
}
const build = spawnSync('pnpm', ['run', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
if (build.status !== 0) process.exit(build.status ?? 1)
const run = spawnSync(process.execPath, [`${home}/bench/index.mjs`, ...rest], { stdio: 'inherit' })
process.exit(run.status ?? 1)

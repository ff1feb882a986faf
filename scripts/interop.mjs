// pnpm interop <package> [...]: runs packages/<package>/interop/index.mjs on the built package.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

const [name = '', ...rest] = process.argv.slice(2)
const homes = readdirSync('packages').filter((each) =>
  existsSync(`packages/${each}/interop/index.mjs`),
)
const home = homes.find((each) => each === name || each.startsWith(`${name}-`))
if (name === '' || home === undefined) {
  process.stderr.write(
    `usage: pnpm interop <package>\npackages with a partner: ${homes.join(' ')}\n`,
  )
  process.exit(2)
}
const build = spawnSync('pnpm', ['run', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] })
if (build.status !== 0) process.exit(build.status ?? 1)
const script = `packages/${home}/interop/index.mjs`
const run = spawnSync(process.execPath, [script, ...rest], { stdio: 'inherit' })
process.exit(run.status ?? 1)

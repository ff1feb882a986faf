// The licences of everything that arrives with a published package: only those on the list.
import { spawnSync } from 'node:child_process'

const ALLOWED = ['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']

const list = ['-r', '--filter', './packages/*', 'licenses', 'list', '--prod', '--json']
const run = spawnSync('npx', ['-y', '--prefer-offline', 'pnpm@12.21.0', ...list], {
  encoding: 'utf8',
})
if (run.status !== 0) {
  process.stderr.write(`${run.stdout}${run.stderr}`)
  process.exit(1)
}
let count = 0
for (const [licence, packages] of Object.entries(JSON.parse(run.stdout))) {
  count += packages.length
  if (ALLOWED.includes(licence)) continue
  process.exitCode = 1
  for (const { name } of packages) process.stderr.write(`${name} has the licence ${licence}\n`)
}
process.stdout.write(`${count} dependencies, all of them under ${ALLOWED.join(', ')}\n`)
if (count === 0) process.exitCode = 1

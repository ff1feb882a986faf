// pnpm mutants <package> [--only <word>] [--from <number>]: plants one bug at a time in a copy of the package and
// shows which of its tests catches it. A bug that survives, or that no longer fits the source,
// fails the run.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, from: { type: 'string', default: '1' } },
})
const [name = ''] = positionals
const source = resolve('packages', name)
if (!existsSync(join(source, 'mutants'))) {
  process.stderr.write('usage: pnpm mutants <package> [--only <word>] [--from <number>]\n')
  process.exit(2)
}

// Below the workspace's root, so that its modules are found; beside the base of the tsconfigs.
const workshop = resolve('.cache', `mutants-${process.pid}`)
const copy = join(workshop, 'packages', name)
process.on('exit', () => rmSync(workshop, { recursive: true, force: true }))
mkdirSync(copy, { recursive: true })
cpSync('tsconfig.base.json', join(workshop, 'tsconfig.base.json'))
// A package's tsconfig refers to those of the packages it uses.
for (const other of readdirSync('packages')) {
  if (other !== name)
    symlinkSync(resolve('packages', other), join(workshop, 'packages', other), 'dir')
}
for (const entry of readdirSync(source)) {
  if (entry === 'node_modules') symlinkSync(join(source, entry), join(copy, entry), 'dir')
  else if (entry !== 'dist') cpSync(join(source, entry), join(copy, entry), { recursive: true })
}

const mutants = []
for (const file of readdirSync(join(source, 'mutants')).sort()) {
  const { mutants: some } = await import(pathToFileURL(join(source, 'mutants', file)).href)
  mutants.push(...some)
}
const chosen = mutants
  .slice(Number(values.from) - 1)
  .filter(({ name, rule, file }) => `${name} ${rule} ${file}`.includes(values.only))

function runTests(files, timeout = 180_000) {
  const begun = performance.now()
  const run = spawnSync(
    resolve('node_modules/.bin/vitest'),
    [
      'run',
      ...files,
      '--bail',
      '1',
      '--reporter',
      'default',
      '--reporter',
      'json',
      '--outputFile.json',
      'report.json',
    ],
    { cwd: copy, encoding: 'utf8', timeout, env: { ...process.env, NO_COLOR: '1' } },
  )
  const seconds = (performance.now() - begun) / 1000
  const said = `${run.stdout}${run.stderr}`
  // A run that had to be ended was caught: a bug may well hang.
  if (run.error !== undefined)
    return { isRed: true, by: `no end in ${timeout / 1000} s`, seconds, said }
  // Red only because the planted text does not run would prove nothing.
  const broken = /(?:ReferenceError|SyntaxError|is not defined)[^\n]*/.exec(said)?.[0]
  if (broken !== undefined) return { isRed: false, by: '', seconds, said, broken }
  return { isRed: run.status !== 0, by: firstFailure(said), seconds, said }
}

/** The name of the first test that failed, and the file it is in. */
function firstFailure(said) {
  try {
    const report = JSON.parse(readFileSync(join(copy, 'report.json'), 'utf8'))
    for (const { name: file, assertionResults } of report.testResults) {
      const failed = assertionResults.find(({ status }) => status === 'failed')
      if (failed !== undefined) return `${file.split('/').at(-1)}: ${failed.title}`
    }
  } catch {
    // No report: it did not even start.
  }
  return said.trim().split('\n').at(-1) ?? ''
}

const files = [...new Set(chosen.flatMap(({ tests }) => tests))]
process.stdout.write(`${chosen.length} planted bugs in ${name}; first without any\n`)
const baseline = runTests(files, 1_800_000)
if (baseline.isRed) {
  process.stderr.write(`${baseline.said}\nred without any planted bug: ${baseline.by}\n`)
  process.exit(1)
}

process.stdout.write('\n| planted bug | breaks | caught by | time |\n|---|---|---|---|\n')
let survivors = 0
for (const { name: title, rule, file, from, to, tests } of chosen) {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  const places = text.split(from).length - 1
  let [caughtBy, took] = [`DOES NOT FIT: found ${places} times in ${file}`, '']
  let isCaught = false
  if (places === 1) {
    writeFileSync(
      path,
      text.replace(from, () => to),
    )
    const { isRed, by, seconds, broken } = runTests(tests)
    writeFileSync(path, text)
    isCaught = isRed
    caughtBy = broken ?? (isRed ? by : 'SURVIVED')
    took = `${seconds.toFixed(1)} s`
  }
  if (!isCaught) survivors += 1
  process.stdout.write(`| ${title} | ${rule} | ${caughtBy} | ${took} |\n`)
}
process.stdout.write(`\n${chosen.length - survivors} of ${chosen.length} caught\n`)
process.exit(survivors === 0 ? 0 : 1)

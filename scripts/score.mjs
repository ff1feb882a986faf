// pnpm score [package …] [--check] [--force]: mutates the commit and recovery files of a package,
// one place at a time, and counts how many of these mutants its tests catch. Only what has changed
// since the checked-in record runs again. Below the floor of any package, the run fails.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { digestOf, toRecord, toReport } from './score/record.mjs'
import { scope } from './score/scope.mjs'

/** Of a hundred mutants so many are caught, in every package. */
const FLOOR_PERCENT = 90

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    check: { type: 'boolean', default: false },
    force: { type: 'boolean', default: false },
  },
})
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const names = Object.keys(scope)
// Those of core are in parts, each with its own tests: `pnpm score core` takes them all.
const isAsked = (name) =>
  positionals.some((asked) => name === asked || name.startsWith(`${asked}-`))
const chosen = positionals.length > 0 ? names.filter(isAsked) : names
if (chosen.length === 0) {
  process.stderr.write(`usage: pnpm score [${names.join('|')}] [--check] [--force]\n`)
  process.exit(2)
}
const rows = chosen.map((name) => score(name, scope[name]))
process.stdout.write('\n| package | files | mutants | caught | survived | score | time |\n')
process.stdout.write('|---|---|---|---|---|---|---|\n')
for (const { cells } of rows) process.stdout.write(`| ${cells.join(' | ')} |\n`)
process.exit(rows.every(({ holds }) => holds) ? 0 : 1)

/** Runs what has changed of one package, and notes the whole. */
function score(name, { folder, files, tests }) {
  const begun = performance.now()
  const recordFile = join('scripts/score/records', `${name}.json`)
  const around = digestOf(whatElseDecides(folder))
  const known = existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, 'utf8')) : undefined
  const old = toReport(values.force ? undefined : known, folder, around)
  const report = runStryker(name, folder, Object.keys(files), tests, old)
  if (report === undefined) return { holds: false, cells: [name, 'no run', '', '', '', '', ''] }
  const record = toRecord(report, folder, around)
  const text = `${JSON.stringify(record, undefined, 1)}\n`
  if (!values.check) writeFileSync(recordFile, text)
  const judged = Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file, source })),
  )
  const caught = judged.filter(({ status }) => status === 'Killed' || status === 'Timeout').length
  const missed = judged.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
  for (const mutant of missed) process.stdout.write(describe(mutant))
  const percent = (100 * caught) / (caught + missed.length)
  const seconds = (performance.now() - begun) / 1000
  return {
    holds: percent >= FLOOR_PERCENT,
    cells: [
      name,
      Object.keys(files).length,
      caught + missed.length,
      caught,
      missed.length,
      `${percent.toFixed(1)} %`,
      `${seconds.toFixed(0)} s`,
    ],
  }
}

/** The report of a run, or `undefined` when the tests fail without any mutant. */
function runStryker(name, folder, mutate, tests, old) {
  const place = resolve('.cache/score', name)
  mkdirSync(place, { recursive: true })
  const incrementalFile = join(place, 'incremental.json')
  const configFile = join(place, 'stryker.json')
  rmSync(incrementalFile, { force: true })
  writeFileSync(incrementalFile, JSON.stringify(old))
  const config = {
    mutate,
    incremental: true,
    incrementalFile,
    testRunner: 'vitest',
    plugins: [
      fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner')),
      resolve('scripts/score/messages.mjs'),
    ],
    ignorers: ['messages'],
    // It loads modules once for all files, for to load them anew costs more than the tests. What a
    // module computes as it is loaded is then mutated too late, and such a mutant survives.
    vitest: { configFile: resolve('scripts/score/vitest.config.mjs'), related: false },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    timeoutMS: 4000,
    timeoutFactor: 2,
    ignorePatterns: ['bench', 'dist', 'soak', 'mutants'],
    tempDirName: '.stryker-tmp',
    cleanTempDir: 'always',
    disableTypeChecks: false,
    allowConsoleColors: false,
    reporters: ['progress-append-only'],
  }
  writeFileSync(configFile, JSON.stringify(config))
  const run = spawnSync(resolve('node_modules/.bin/stryker'), ['run', configFile], {
    cwd: folder,
    env: { ...process.env, TIDEMARK_SCORE_TESTS: JSON.stringify(tests) },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return run.status === 0 ? JSON.parse(readFileSync(incrementalFile, 'utf8')) : undefined
}

/** Contract cases, what tests share, and how mutants are made and judged. */
function whatElseDecides(folder) {
  const below = (place) =>
    existsSync(place)
      ? readdirSync(place, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      : []
  const shared = [...below(join(folder, 'src/testing')), ...below(join(folder, 'test'))]
  return [
    'scripts/score/messages.mjs',
    'scripts/score/vitest.config.mjs',
    ...shared.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).sort(),
  ]
}

function describe({ file, source, location: { start, end }, mutatorName, replacement, status }) {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const first = lines[0].trim()
  return `${status} ${file}:${start.line}:${start.column} ${mutatorName}\n  ${first}\n  -> ${replacement}\n`
}

// What is known from earlier runs, small and steady enough to be checked in: how every mutant ended
// and the test file that caught it, and the digests of the files for which this holds. No times, no
// sources, no words of errors.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const sha256 = (text) => createHash('sha256').update(text).digest('hex').slice(0, 32)
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')
const shortName = (file) => basename(file, '.test.ts')

/** One digest of many files, by name and content. */
export function digestOf(files) {
  return sha256(files.map((file) => `${file} ${sha256(read(file))}\n`).join(''))
}

/** A report of Stryker, reduced to what is worth keeping. */
export function toRecord(report, folder, around) {
  const catchers = new Map()
  const tests = sorted(report.testFiles ?? {}, (file, { tests: some }) => {
    for (const { id } of some) catchers.set(id, shortName(file))
    return { digest: sha256(read(join(folder, file))), names: some.map(({ name }) => name).sort() }
  })
  const files = sorted(report.files, (_, { source, mutants }) => ({
    digest: sha256(source),
    mutants: mutants
      .filter(({ status }) => status !== 'Ignored')
      .sort((a, b) => byPlace(a.location.start, b.location.start))
      .map(({ location: { start, end }, mutatorName, replacement, status, killedBy }) => {
        const place = `${start.line}:${start.column}-${end.line}:${end.column}`
        const by = catchers.get(killedBy?.[0])
        return [place, mutatorName, replacement, status, ...(by === undefined ? [] : [by])]
      })
      .map((parts) => parts.join('\t')),
  }))
  return { around, tests, files }
}

/**
 * What Stryker may take over from a record, in its own form. A file that has changed is left out,
 * so all its mutants run again; and so do those that a changed test file caught, or might catch.
 */
export function toReport(record, folder, around) {
  const report = { schemaVersion: '1.0', thresholds: {}, files: {}, testFiles: {} }
  if (record === undefined || record.around !== around) return report
  const isSame = (file, digest) => digest === sha256(read(join(folder, file)))
  const tests = Object.entries(record.tests)
  const ids = new Map()
  for (const [file, { digest, names }] of tests) {
    if (!isSame(file, digest)) continue
    const some = names.map((name, index) => ({ id: `${file} ${index}`, name }))
    report.testFiles[file] = { tests: some }
    ids.set(
      shortName(file),
      some.map(({ id }) => id),
    )
  }
  // A mutant that had no end names no test that could be asked again.
  const keepsTimeouts = ids.size === tests.length
  for (const [file, { digest, mutants }] of Object.entries(record.files)) {
    if (!isSame(file, digest)) continue
    const known = mutants.map((text, index) => toMutant(text, index, ids))
    report.files[file] = {
      language: 'typescript',
      source: read(join(folder, file)),
      mutants: known.filter(({ status }) => keepsTimeouts || status !== 'Timeout'),
    }
  }
  return report
}

function toMutant(text, index, ids) {
  const [place, mutatorName, replacement, status, by] = text.split('\t')
  const [start, end] = place.split('-').map((at) => {
    const [line, column] = at.split(':').map(Number)
    return { line, column }
  })
  const killedBy = by === undefined ? undefined : (ids.get(by) ?? [])
  const coveredBy = killedBy ?? [...ids.values()].flat()
  const known = { mutatorName, replacement, status, killedBy: killedBy ?? [], coveredBy }
  return { id: String(index), location: { start, end }, ...known }
}

function byPlace(a, b) {
  return a.line - b.line || a.column - b.column
}

function sorted(object, change) {
  const names = Object.keys(object).sort()
  return Object.fromEntries(names.map((name) => [name, change(name, object[name])]))
}

import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'

const given = []

function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-golden-'))
  given.push(folder)
  return folder
}

export function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  return new Map(
    paths.sort().map((path) => [relative(folder, path), readFileSync(path).toString('hex')]),
  )
}

export function copyOf(folder) {
  const copy = join(newFolder(), basename(folder))
  cpSync(folder, copy, { recursive: true })
  return copy
}

export function madeAnew(script) {
  const folder = newFolder()
  const run = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`${script} failed:\n${run.stdout}${run.stderr}`)
  return folder
}

export function removeCopies() {
  for (const folder of given.splice(0)) rmSync(folder, { recursive: true, force: true })
}

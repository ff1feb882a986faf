// Builds the driver of the original where that can be had: Go is installed, and the module comes
// through the Go module proxy, or from a checkout that TIDEMARK_CLOUDENG names.
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BUILD_MS = 300_000

/** The path of the driver, or why there is none. */
export function buildDriver(checkout = process.env.TIDEMARK_CLOUDENG) {
  if (spawnSync('go', ['version']).status !== 0) return { missing: 'Go is not installed' }
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-interop-'))
  copyFileSync(fileURLToPath(new URL('main.go', import.meta.url)), join(dir, 'main.go'))
  const replaced = checkout === undefined ? [] : modulesIn(checkout)
  const lines = ['module interop', '', 'go 1.26', '']
  for (const { module, path } of replaced) lines.push(`replace ${module} => ${path}`)
  writeFileSync(join(dir, 'go.mod'), `${lines.join('\n')}\n`)
  for (const args of [
    ['mod', 'tidy'],
    ['build', '-o', 'interop', '.'],
  ]) {
    const done = spawnSync('go', args, { cwd: dir, encoding: 'utf8', timeout: BUILD_MS })
    if (done.status !== 0)
      return { missing: (done.stderr ?? '').trim().split('\n').at(-1) ?? 'go failed' }
  }
  return { driver: join(dir, 'interop') }
}

/** The modules of a checkout of the repository, each in a directory of its own. */
function modulesIn(checkout) {
  const found = []
  const visit = (dir, depth) => {
    const file = join(dir, 'go.mod')
    if (existsSync(file)) {
      const module = /^module (\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]
      if (module !== undefined) found.push({ module, path: dir })
    }
    if (depth === 0) return
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (entry.isDirectory() && !entry.name.startsWith('.'))
        visit(join(dir, entry.name), depth - 1)
    }
  }
  visit(checkout, 2)
  return found
}

// Builds the driver of the original where that can be had: Go is installed, and the module comes
// through the Go module proxy.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BUILD_MS = 300_000

/** The path of the driver, or why there is none. */
export function buildDriver() {
  if (spawnSync('go', ['version']).status !== 0) return { missing: 'Go is not installed' }
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-interop-'))
  copyFileSync(fileURLToPath(new URL('main.go', import.meta.url)), join(dir, 'main.go'))
  writeFileSync(join(dir, 'go.mod'), 'module interop\n\ngo 1.26\n')
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

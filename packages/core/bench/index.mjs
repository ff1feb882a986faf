// pnpm bench core [--full]: ratios in one run against the bare system calls. Needs the built package.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { appends } from './appends.mjs'
import { commits } from './commits.mjs'
import { identifiers } from './identifiers.mjs'
import { largeBlobs } from './large-blobs.mjs'
import { sizes } from './sizes.mjs'

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, dir: { type: 'string' } },
})
const dir = mkdtempSync(join(values.dir ?? tmpdir(), 'tidemark-bench-'))
try {
  await commits(dir)
  await appends(dir, values.full)
  await identifiers(dir)
  await largeBlobs(dir)
  await sizes()
} finally {
  rmSync(dir, { recursive: true, force: true })
}

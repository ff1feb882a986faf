// pnpm bench operation [--full] [--dir DIR]: ratios in one run. Needs the built package.
// With Go and its module also beside the real original.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkpoints } from './checkpoints.mjs'
import { maps } from './maps.mjs'
import { resuming } from './resuming.mjs'

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, dir: { type: 'string' } },
})
const dir = mkdtempSync(join(values.dir ?? tmpdir(), 'tidemark-bench-'))
try {
  await checkpoints(dir, values.full)
  await resuming(dir)
  await maps(dir, values.full ? 1_000_000 : 100_000)
} finally {
  rmSync(dir, { recursive: true, force: true })
}

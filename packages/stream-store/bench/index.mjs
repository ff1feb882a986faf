// pnpm bench stream-store [--full]: ratios in one run against the original's sequence, ported.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { largeState } from './large-state.mjs'
import { recoveries } from './recoveries.mjs'
import { restores } from './restores.mjs'
import { saves } from './saves.mjs'

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, dir: { type: 'string' } },
})
const dir = mkdtempSync(join(values.dir ?? tmpdir(), 'tidemark-bench-'))
try {
  await largeState(dir, values.full)
  await saves(dir)
  await restores(dir)
  await recoveries(dir)
} finally {
  rmSync(dir, { recursive: true, force: true })
}

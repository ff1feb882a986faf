// pnpm bench strata [--full] [--rounds N]: a whole run on a made-up history of 20 000 commits beside
// `git log -p` that writes the same bytes, what saving the place costs, an update, and memory. The
// histories are made once, in the system's folder for temporary files. --full: more rounds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { historyIn } from './history.mjs'
import { memory } from './memory.mjs'
import { reading } from './reading.mjs'
import { updating } from './updating.mjs'

const COMMITS = 20_000
/** A quarter of it: what grows with the history shows, and what starting costs does not. */
const FEWER = COMMITS / 4

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, rounds: { type: 'string' } },
})
const rounds = Number(values.rounds ?? (values.full ? 15 : 5))
const dir = mkdtempSync(join(tmpdir(), 'strata-bench-'))
try {
  const repository = await historyIn(dir, COMMITS)
  await reading({ repository, dir, commits: COMMITS, rounds })
  await updating({ repository, dir, rounds })
  const repositories = [await historyIn(dir, FEWER), repository]
  await memory({ dir, repositories, counts: [FEWER, COMMITS] })
} finally {
  rmSync(dir, { recursive: true, force: true })
}

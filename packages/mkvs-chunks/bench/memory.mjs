// Creation from a database on a disk and restore into one, each in a process of its own: the
// memory they take must not grow with the tree. Three figures: what JavaScript holds, looked at
// right after garbage was collected, while a batch or an answer of the database is in hand; what
// the process takes with all that is not collected yet and with the database's own buffers, its
// cache and the indices of its files; and what the same database takes alone.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mib, row } from '@tidemark/bench-kit'

const CHILD = fileURLToPath(new URL('memory-child.mjs', import.meta.url))
/** How much more a tree four times as large may take. */
const MAX_GROWTH_BYTES = { live: 2 * 2 ** 20, resident: 24 * 2 ** 20 }
const ALONE = { create: 'read', restore: 'write' }

export async function memory([small, large]) {
  console.log(`\npeak memory above an idle process, chunks of 1 MiB, classic-level`)
  const [first, second] = [small, large].map(measure)
  for (const doing of ['create', 'restore']) {
    for (const kind of ['live', 'resident']) {
      const [before, after] = [first[doing][kind], second[doing][kind]]
      const grown = after - before
      const limit = MAX_GROWTH_BYTES[kind]
      const figures = `${mib(before)} -> ${mib(after)}`
      const target = `grows by at most ${mib(limit)}`
      row(`${doing}, ${kind}, ${small} -> ${large}`, figures, mib(grown), target, grown <= limit)
    }
    const alone = [first, second].map((each) => mib(each[ALONE[doing]].resident))
    row(`${doing}, resident, the database alone`, alone.join(' -> '), '')
    const rates = [first, second].map((each) => `${(each[doing].perSecond / 1000).toFixed(0)} k`)
    row(`${doing}, entries/s by the clock`, rates.join(' -> '), '')
  }
}

function measure(count) {
  const home = mkdtempSync(join(tmpdir(), 'tidemark-mkvs-memory-'))
  try {
    const run = (doing) => {
      const args = ['--expose-gc', CHILD, doing, home, `${count}`]
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      if (status !== 0) throw new Error(stderr)
      return JSON.parse(stdout)
    }
    const doings = ['build', 'create', 'read', 'restore', 'write']
    return Object.fromEntries(doings.map((doing) => [doing, run(doing)]))
  } finally {
    rmSync(home, { recursive: true })
  }
}

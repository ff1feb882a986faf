// Creation from a database on a disk and restore into one, each in a process of its own: the
// memory they take must not grow with the tree.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mib, row } from '@tidemark/bench-kit'

const CHILD = fileURLToPath(new URL('memory-child.mjs', import.meta.url))
/** How much more a tree four times as large may take: allocators do not give everything back. */
const MAX_GROWTH_BYTES = 24 * 2 ** 20

export async function memory([small, large]) {
  console.log(`\npeak memory above an idle process, chunks of 1 MiB, classic-level`)
  const [first, second] = [small, large].map(measure)
  for (const doing of ['create', 'restore']) {
    const grown = second[doing].bytes - first[doing].bytes
    const figures = [first, second].map((each) => mib(each[doing].bytes)).join(' -> ')
    const target = `grows by at most ${mib(MAX_GROWTH_BYTES)}`
    row(`${doing}, ${small} -> ${large}`, figures, mib(grown), target, grown <= MAX_GROWTH_BYTES)
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
    run('build')
    return { create: run('create'), restore: run('restore') }
  } finally {
    rmSync(home, { recursive: true })
  }
}

// What ctx.map takes of memory, measured in a process of its own.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { row } from '@tidemark/bench-kit'

export async function maps(dir, items) {
  const child = fileURLToPath(new URL('map-child.mjs', import.meta.url))
  for (const [round, what] of [
    ['first', 'run'],
    ['second', 'resumed'],
  ]) {
    const args = [
      '--expose-gc',
      '--max-old-space-size=64',
      child,
      `${dir}/map`,
      String(items),
      round,
    ]
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    const { growthMib, ms, ran } = JSON.parse(stdout)
    const figures = `${growthMib.toFixed(0)} MiB more, ${(ms / 1000).toFixed(1)} s, ${ran} ran`
    row(`ctx.map over ${items} items, ${what}`, figures, '', '≤ 64 MiB', growthMib <= 64)
  }
}

// Processes that save in a loop, killed with SIGKILL at random instants, hundreds in each layout:
// nothing acknowledged is lost, everything that is there is whole, no garbage is left.
// --seed N, --kills N (in each layout).
import { parseArgs } from 'node:util'
import { killInTurn } from '../test/support/kills.mjs'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, kills: { type: 'string' } },
  strict: false,
})
const seed = Number(values.seed ?? Date.now() % 1_000_000)
const kills = Number(values.kills ?? 300)
for (const layout of ['native', 'of the original']) {
  const { violations, acknowledged } = await killInTurn(layout, kills, seed)
  process.stdout.write(
    `stream-store, layout ${layout}: ${kills} kills, seed ${seed}, ${acknowledged} saves acknowledged, ${violations.length} violations\n`,
  )
  for (const violation of violations) process.stderr.write(`${violation}\n`)
  if (violations.length > 0) process.exitCode = 1
}

// Processes that save in a loop, killed with SIGKILL at random instants, hundreds in each layout:
// nothing acknowledged is lost, everything that is there is whole, no garbage is left.
// --seed N, --kills N (in each layout), --minutes N (for both, instead of a number of kills).
import { parseArgs } from 'node:util'
import { killInTurn } from '../test/support/kills.mjs'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, kills: { type: 'string' }, minutes: { type: 'string' } },
  strict: false,
})

/** So many in one directory; the next have another, and another seed. */
const IN_TURN = 25

const seed = Number(values.seed ?? Date.now() % 1_000_000)
const mostKills = Number(values.kills ?? (values.minutes === undefined ? 300 : Infinity))
const limitMs = values.minutes === undefined ? Infinity : (Number(values.minutes) * 60_000) / 2
for (const layout of ['native', 'of the original']) {
  const begunMs = performance.now()
  let [kills, saves, wrong] = [0, 0, 0]
  while (kills < mostKills && performance.now() - begunMs < limitMs) {
    const some = Math.min(IN_TURN, mostKills - kills)
    const { violations, acknowledged } = await killInTurn(layout, some, seed + kills)
    kills += some
    saves += acknowledged
    wrong += violations.length
    for (const violation of violations) process.stderr.write(`${violation}\n`)
  }
  process.stdout.write(
    `stream-store, layout ${layout}: ${kills} kills, seed ${seed}, ${saves} saves acknowledged, ${wrong} violations\n`,
  )
  if (wrong > 0) process.exitCode = 1
}

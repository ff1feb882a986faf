// Writers, truncators and readers of one log in orders drawn by seed, with answers lost, dropped
// and late; and all orders of small worlds that are too many for every test run.
import { runLogSchedule } from '../dist/testing/commit-log/log-schedule.js'
import { evenly, everyChoice, seededRandom } from '../dist/testing/index.js'
import { nothing, soak, timeIsUp } from '@tidemark/bench-kit/soak'

const writer = ['latest', 'append', 'append', 'latest', 'append']
const asleep = ['append', 'append', 'append', 'latest', 'append']
const truncator = ['latest', 'truncate', 'latest', 'append', 'truncate', 'latest']
const reader = ['latest', 'read', 'latest', 'read', 'latest']

const WORLDS = [
  { clients: [writer, writer, truncator], faults: 3 },
  { clients: [writer, writer, writer, truncator], faults: 3 },
  { clients: [asleep, writer, truncator, reader], records: 3, faults: 3 },
  { clients: [asleep, asleep, truncator, truncator], records: 5, warm: [0, 1], faults: 2 },
  { clients: [writer, truncator, truncator, reader, reader], records: 2, faults: 1 },
]

await soak('commit log, drawn orders', 100_000, async (_, own) =>
  nothing(await runLogSchedule(WORLDS[own % WORLDS.length], evenly(seededRandom(own)))),
)

const SMALL = [
  {
    clients: [
      ['latest', 'append'],
      ['append', 'append', 'truncate'],
    ],
    records: 1,
    warm: [1],
  },
  { clients: [['latest'], ['append', 'truncate']], records: 2, warm: [0, 1] },
  { clients: [['append'], ['append', 'truncate']], records: 1, warm: [0, 1], faults: 2 },
]

/** Beyond this a world is cut off, and said so. */
const MOST = 150_000

for (const [i, world] of SMALL.entries()) {
  let [runs, violations] = [0, 0]
  let isCut = false
  for (const choose of everyChoice()) {
    const wrong = await runLogSchedule(world, choose)
    runs += 1
    if (wrong.length > 0) violations += 1
    if (wrong.length > 0 && violations <= 5) process.stderr.write(`${wrong.join('; ')}\n`)
    isCut = runs >= MOST || timeIsUp()
    if (isCut) break
  }
  const how = isCut ? 'cut off' : 'all of them'
  process.stdout.write(
    `commit log, orders of small world ${i + 1}: ${runs} (${how}), ${violations} violations\n`,
  )
  if (violations > 0) process.exitCode = 1
}

import { describe, expect, it } from 'vitest'
import { randomFrom } from '../src/demo/random.ts'
import { madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { jsonIn, start, strata } from './support/strata.ts'

const COMMITS = 3000
const EVERY = 100
const KILLS = 20
/** Two events of a long history are at most so many commits apart. */
const EVENT_EVERY = 25

const SEED = Number(process.env['TIDEMARK_SEED'] ?? Date.now() % 1_000_000)

describe(`a run that is killed again and again (TIDEMARK_SEED=${SEED})`, () => {
  it('ends with the digest of an untouched run, and repeats no more than an interval each time', async () => {
    const path = await madeRepository(COMMITS)
    const untouched = jsonIn(await strata(['run', path, '--json', '--store', await scratch()]))
    const store = await scratch()
    const random = randomFrom(SEED)
    const args = ['run', path, '--json', '--store', store, '--every', String(EVERY)]

    let commitsRead = 0
    let killedWhileReading = 0
    for (let kills = 0; kills < KILLS; kills += 1) {
      const run = await killedRun(args, random.between(0, 2 * EVERY))
      commitsRead += run.commitsReadAtMost
      if (run.wasReading) killedWhileReading += 1
    }
    const last = jsonIn(await strata(args))
    commitsRead += last.commitsRead

    expect(last.digest).toBe(untouched.digest)
    expect(last.position).toBe(COMMITS)
    expect(killedWhileReading).toBe(KILLS)
    expect(commitsRead).toBeLessThanOrEqual(COMMITS + KILLS * EVERY)
    // Resuming is real: every kill found work done that was not done again.
    expect(last.resumedFrom).toBeGreaterThan(0)
  })
})

interface KilledRun {
  /** How many commits it read, rounded up: those after its last event were not told any more. */
  readonly commitsReadAtMost: number
  readonly wasReading: boolean
}

/** Lets a run read so many commits, then kills it without warning. */
async function killedRun(args: readonly string[], killAfter: number): Promise<KilledRun> {
  const running = start(args)
  let [from, position, isSaving, isDone] = [0, 0, false, false]
  running.onLine((line) => {
    const event = eventIn(line)
    position = event.position
    if (event.kind === 'started') from = position
    isSaving = event.kind === 'saving'
    if (event.kind !== 'started' && position === event.total) isDone = true
    if (position - from >= killAfter) running.kill('SIGKILL')
  })
  const { signal } = await running.ended
  expect(signal).toBe('SIGKILL')
  // While it saves it reads nothing, so the number is exact; else it may have gone on a little,
  // but never past the next save without telling.
  const unheard = isSaving ? 0 : EVENT_EVERY - 1
  return { commitsReadAtMost: position + unheard - from, wasReading: !isDone }
}

function eventIn(line: string): { kind: string; position: number; total: number } {
  // oxlint-disable-next-line typescript/no-unsafe-return -- a wrong shape fails the sums below
  return JSON.parse(line)
}

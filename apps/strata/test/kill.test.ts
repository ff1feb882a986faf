import { describe, expect, it } from 'vitest'
import { randomFrom } from '../src/demo/random.ts'
import { madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { jsonIn, start, strata, type JsonResult } from './support/strata.ts'

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
    const random = randomFrom(SEED)
    const argsFor = (store: string): string[] => {
      return ['run', path, '--json', '--store', store, '--every', String(EVERY)]
    }

    let args = argsFor(await scratch())
    let [kills, commitsRead, histories, resumptions] = [0, 0, 1, 0]
    while (kills < KILLS) {
      const run = await killedRun(args, random.between(0, 2 * EVERY))
      commitsRead += run.commitsReadAtMost
      if (run.resumedFrom > 0) resumptions += 1
      if (run.finished === undefined) {
        kills += 1
        continue
      }
      // On a busy machine the kill can come too late: that one counts as no kill.
      expect(run.finished.digest).toBe(untouched.digest)
      args = argsFor(await scratch())
      histories += 1
    }
    const last = jsonIn(await strata(args))
    commitsRead += last.commitsRead

    expect(last.digest).toBe(untouched.digest)
    expect(last.root).toBe(untouched.root)
    expect(last.position).toBe(COMMITS)
    expect(commitsRead).toBeLessThanOrEqual(histories * COMMITS + KILLS * EVERY)
    // Resuming is real: work that was done before a kill was not done again.
    expect(resumptions).toBeGreaterThan(KILLS / 4)
  })
})

interface KilledRun {
  readonly resumedFrom: number
  /** How many commits it read, rounded up: those after its last event were not told any more. */
  readonly commitsReadAtMost: number
  /** Its result, if the kill came too late. */
  readonly finished: JsonResult | undefined
}

/** Lets a run read so many commits, then kills it without warning. */
async function killedRun(args: readonly string[], killAfter: number): Promise<KilledRun> {
  const running = start(args)
  let [resumedFrom, position, isSaving] = [0, 0, false]
  running.onLine((line) => {
    const event = eventIn(line)
    if (event.kind === 'phase') return
    position = event.position
    if (event.kind === 'started') resumedFrom = position
    isSaving = event.kind === 'saving'
    if (position - resumedFrom >= killAfter) running.kill('SIGKILL')
  })
  const ended = await running.ended
  if (ended.signal !== 'SIGKILL') {
    const finished = jsonIn(ended)
    return { resumedFrom, commitsReadAtMost: finished.commitsRead, finished }
  }
  // While it saves it reads nothing, so the number is exact; else it may have gone on a little.
  const unheard = isSaving ? 0 : EVENT_EVERY - 1
  const commitsReadAtMost = Math.min(position + unheard, COMMITS) - resumedFrom
  return { resumedFrom, commitsReadAtMost, finished: undefined }
}

function eventIn(line: string): { kind: string; position: number; total: number } {
  // oxlint-disable-next-line typescript/no-unsafe-return -- a wrong shape fails the sums below
  return JSON.parse(line)
}

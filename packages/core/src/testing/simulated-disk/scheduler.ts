import type { Choose } from './choices.ts'
import { everyChoice, evenly, seededRandom } from './choices.ts'
import type { Gate } from './file-system-view.ts'
import type { Operation } from './journal.ts'

/** A call that waits for its turn. */
export interface WaitingCall {
  readonly process: string
  readonly operation: Operation
}

/** Decides whose call runs next. Give it to {@link SimulatedDisk.fileSystem} as the gate. */
export interface Scheduler extends Gate {
  /** The calls that wait, in the order in which they came. */
  readonly waiting: readonly WaitingCall[]
  /**
   * Lets one waiting call run (the scheduler chooses, unless said which), and waits until all
   * processes stand still again. Resolves what ran; `undefined` when nothing was waiting.
   */
  step(index?: number): Promise<WaitingCall | undefined>
  /**
   * Steps until nothing waits. Resolves how each process ended; `undefined` when it did not,
   * because it was killed. Rejects when a process waits for something else than its turn.
   */
  run<T>(processes: readonly Promise<T>[]): Promise<(PromiseSettledResult<T> | undefined)[]>
  /** Kills a process as `kill -9` does: none of its calls runs any more. */
  kill(process: string): void
}

/**
 * A scheduler that takes its decisions from `choose`.
 *
 * Between two calls, the processes may wait for nothing but promises that settle by themselves:
 * a timer or a real file would come in from outside the schedule.
 */
export function createScheduler(choose: Choose): Scheduler {
  let waiting: (WaitingCall & { readonly go: () => void })[] = []
  const killed = new Set<string>()

  async function step(index?: number): Promise<WaitingCall | undefined> {
    await standstill()
    const width = waiting.length
    if (width === 0) return undefined
    const next = waiting.splice(index ?? (width === 1 ? 0 : choose(width)), 1)[0]
    next?.go()
    await standstill()
    return next
  }

  return {
    get waiting() {
      return waiting
    },
    turn: (process, operation) =>
      new Promise((go) => {
        if (!killed.has(process)) waiting.push({ process, operation, go })
      }),
    step,
    async run(processes) {
      const ends = processes.map(watch)
      while ((await step()) !== undefined);
      const stuck = ends.some((end) => end.result === undefined)
      if (stuck && killed.size === 0) throw new Error('a process waits outside the schedule')
      return ends.map((end) => end.result)
    },
    kill(process) {
      killed.add(process)
      waiting = waiting.filter((call) => call.process !== process)
    },
  }
}

/** How a promise ended, once it has. */
function watch<T>(promise: Promise<T>): { readonly result: PromiseSettledResult<T> | undefined } {
  const end: { result: PromiseSettledResult<T> | undefined } = { result: undefined }
  const settle = (result: PromiseSettledResult<T>) => void (end.result = result)
  promise.then(
    (value) => settle({ status: 'fulfilled', value }),
    (reason: unknown) => settle({ status: 'rejected', reason }),
  )
  return end
}

/** How many schedules {@link interleavings} looks at. */
export interface InterleavingsOptions {
  /** Up to so many schedules are all run; of more, so many again are drawn. */
  readonly limit?: number
  readonly seed?: number
}

/** How much was looked at. */
export interface InterleavingsReport {
  readonly runs: number
  readonly exhaustive: boolean
  readonly seed: number
}

/** All orders of six calls with six others (924), with room to spare. */
const DEFAULT_LIMIT = 2_000

/**
 * Runs a small world once for every order in which its processes' calls can come.
 *
 * `world` is called anew for each order: it makes its disk, starts its processes on gated views,
 * runs the scheduler and checks what came of it.
 *
 * @example
 * import { interleavings, SimulatedDisk } from '@tidemark/core/testing'
 *
 * const report = await interleavings(async (scheduler) => {
 *   const disk = new SimulatedDisk()
 *   const a = disk.fileSystem('A', scheduler).create('/lock')
 *   const b = disk.fileSystem('B', scheduler).create('/lock')
 *   const ends = await scheduler.run([a, b])
 *   ends.filter((end) => end?.status === 'fulfilled').length // => 1
 * })
 * report // => { runs: 2, exhaustive: true, seed: 1 }
 */
export async function interleavings(
  world: (scheduler: Scheduler) => Promise<void>,
  { limit = DEFAULT_LIMIT, seed = 1 }: InterleavingsOptions = {},
): Promise<InterleavingsReport> {
  let runs = 0
  for (const choose of everyChoice()) {
    if (runs === limit) {
      const random = seededRandom(seed)
      for (let index = 0; index < limit; index += 1) await world(createScheduler(evenly(random)))
      return { runs: runs + limit, exhaustive: false, seed }
    }
    await world(createScheduler(choose))
    runs += 1
  }
  return { runs, exhaustive: true, seed }
}

/**
 * Waits until every promise that can settle by itself has settled: one turn of the event loop.
 *
 * `setImmediate` where there is one, for a timer takes a millisecond.
 */
function standstill(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}

import { createScheduler, seededRandom, type Scheduler } from '@tidemark/core/testing'

/** One process's turn: so many calls of the disk, or all that it has. */
export interface Turn {
  readonly process: 'A' | 'B'
  readonly calls?: number
}

/** Runs two processes on one disk in turns; after the last turn whoever is left runs to its end. */
export async function takeTurns(
  start: (scheduler: Scheduler) => readonly Promise<unknown>[],
  turns: readonly Turn[],
): Promise<{ readonly A: number; readonly B: number }> {
  const scheduler = createScheduler(() => 0)
  const left = { isRunning: true }
  const running = Promise.all(start(scheduler)).finally(() => {
    left.isRunning = false
  })
  running.catch(() => undefined)
  const counts = { A: 0, B: 0 }
  /** A process may let a turn of the event loop pass between two calls. */
  const waiting = async (process: 'A' | 'B') => {
    for (let pass = 0; pass < 4; pass++) {
      const index = scheduler.waiting.findIndex((call) => call.process === process)
      if (index !== -1) return index
      await new Promise((resolve) => setImmediate(resolve))
    }
    return -1
  }
  for (const { process, calls = Infinity } of [...turns, rest('A'), rest('B')]) {
    for (let done = 0; done < calls; done++) {
      const index = await waiting(process)
      if (index === -1) break
      await scheduler.step(index)
      counts[process] += 1
    }
  }
  // One may have waited for the other.
  while (left.isRunning) await scheduler.step()
  await running
  return counts
}

function rest(process: 'A' | 'B'): Turn {
  return { process }
}

/** A stops after so many calls, B does all it has to do, A goes on. */
export function pauseA(calls: number): Turn[] {
  return [{ process: 'A', calls }, { process: 'B' }]
}

/** So many short turns of random length, by seed. */
export function randomTurns(seed: number, count = 40): Turn[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => ({
    process: index % 2 === 0 ? ('A' as const) : ('B' as const),
    calls: 1 + Math.floor(random() ** 2 * 14),
  }))
}

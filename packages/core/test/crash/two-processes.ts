import type { Operation, Scheduler } from '../../src/testing/simulated-disk/index.ts'
import { createScheduler, seededRandom } from '../../src/testing/simulated-disk/index.ts'

/** The two processes on one disk. */
export type ProcessName = 'A' | 'B'

/** One process's turn: so many calls, or calls up to and with one that fits, or all it has. */
export interface Turn {
  readonly process: ProcessName
  readonly calls?: number
  readonly until?: (operation: Operation) => boolean
}

/** How often each process was let run. */
export type CallCounts = Record<ProcessName, number>

/**
 * Runs two processes on one disk in turns; after the last turn whoever is left runs to its end.
 * Rejects when one of them fails.
 */
export async function takeTurns(
  start: (scheduler: Scheduler) => readonly Promise<unknown>[],
  turns: readonly Turn[],
): Promise<CallCounts> {
  const scheduler = createScheduler(() => 0)
  const running = Promise.all(start(scheduler))
  running.catch(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  const counts: CallCounts = { A: 0, B: 0 }
  for (const { process, calls = Infinity, until } of turns) {
    for (let done = 0; done < calls; done += 1) {
      const index = scheduler.waiting.findIndex((call) => call.process === process)
      if (index === -1) break
      const ran = await scheduler.step(index)
      counts[process] += 1
      if (ran !== undefined && until?.(ran.operation) === true) break
    }
  }
  for (let ran = await scheduler.step(); ran !== undefined; ran = await scheduler.step()) {
    counts[ran.process === 'A' ? 'A' : 'B'] += 1
  }
  await running
  return counts
}

/** The turns that pause A after so many calls and B after so many, then let each finish. */
export function pauses(a: number, b: number = Infinity): Turn[] {
  return [
    { process: 'A', calls: a },
    { process: 'B', calls: b },
    { process: 'A' },
    { process: 'B' },
  ]
}

/** So many short turns of random length, by seed. */
export function randomTurns(seed: number, count = 40): Turn[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => ({
    process: index % 2 === 0 ? ('A' as const) : ('B' as const),
    calls: 1 + Math.floor(random() ** 2 * 12),
  }))
}

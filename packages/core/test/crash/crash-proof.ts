import {
  crashStates,
  formatEntry,
  type CrashReport,
  type CrashState,
  type CrashStatesOptions,
  type SimulatedDisk,
} from '../../src/testing/simulated-disk/index.ts'

/** What draws, where there is too much to look at everything. `TIDEMARK_SEED` sets another. */
export const SEED: number = Number(process.env['TIDEMARK_SEED'] ?? 1)

/** How many times as much as usual is looked at; the long runs set it. */
export const EFFORT: number = Number(process.env['TIDEMARK_CRASH_EFFORT'] ?? 1)

/** All states of twelve unsynced names (4096), and of as many effects in files, are built. */
export const LIMIT = 20_000

/** Looks at one disk that a power cut left; throws when something is wrong with it. */
export type Check = (state: CrashState) => Promise<void>

/**
 * Rebuilds every disk that a power cut during the journal could have left, or a sample of them by
 * seed, and has each checked. Throws with what led there.
 */
export async function proveCrashStates(
  disk: SimulatedDisk,
  check: Check,
  options: CrashStatesOptions = {},
): Promise<CrashReport> {
  const states = crashStates(disk, { limit: LIMIT, seed: SEED, ...options })
  // Most errors of a disk say that there is no such file, and the stack of each costs 20 µs.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  for (const state of states) {
    try {
      await check(state)
    } catch (error) {
      Error.stackTraceLimit = stackTraceLimit
      throw new Error(story(disk, state, error), { cause: error })
    }
  }
  Error.stackTraceLimit = stackTraceLimit
  return states.report
}

/** Adds what several proofs looked at. */
export function addReports(reports: readonly CrashReport[]): CrashReport {
  return {
    states: reports.reduce((sum, report) => sum + report.states, 0),
    exhaustive: reports.every((report) => report.exhaustive),
    seed: SEED,
  }
}

/** Tells how many states were looked at. */
export function say(what: string, { states, exhaustive, seed }: CrashReport): void {
  const how = exhaustive ? 'all of them' : `sampled, seed ${seed}`
  process.stdout.write(`crash states of ${what}: ${states}, ${how}\n`)
}

/** Fails with a reason that reads well in {@link story}. */
export function insist(holds: boolean, otherwise: () => string): asserts holds {
  if (!holds) throw new Error(otherwise())
}

function story(disk: SimulatedDisk, state: CrashState, error: unknown): string {
  const journal = disk.journal.slice(0, state.cut).map(formatEntry)
  return [
    error instanceof Error ? error.message : String(error),
    `power cut after ${state.cut} lines (seed ${SEED}); the last of them:`,
    ...journal.slice(-40).map((line) => `  ${line}`),
    'what became of what was not synced:',
    ...state.explain().map((line) => `  ${line}`),
    `left: ${state.disk.paths().join(' ')}`,
  ].join('\n')
}

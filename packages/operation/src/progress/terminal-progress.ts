import type { OperationEvent } from '../events/operation-event.ts'
import { progressLine } from './progress-line.ts'
import { tallyEvent, type Tally } from './tally.ts'

/** Where progress is shown; `process.stderr` fits. */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** Options of {@link terminalProgress}. */
export interface TerminalProgressOptions {
  readonly output: ProgressOutput
  /** The environment; `CI`, `NO_COLOR` or `TERM=dumb` make plain lines of it. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Monotonic time, in ms. */
  readonly now?: () => number
}

/** A renderer: hand it every event. */
export interface TerminalProgress {
  /** For `onEvent`. */
  readonly onEvent: (event: OperationEvent) => void
  /** Draws the last state. Call it when the run is over. */
  readonly close: () => void
}

/** Faster drawing only flickers. */
const DRAW_EVERY_MS = 100

/** Plain lines are for logs: one for each step, and one now and then while a map runs. */
const LOG_EVERY_MS = 5_000

/**
 * Shows what an operation does: on a terminal one line per running map or step, redrawn in place;
 * otherwise plain lines. The rate and the remaining time come from this run's work only: what was
 * skipped because an earlier run did it makes neither look better.
 *
 * @example
 * import { terminalProgress } from '@tidemark/operation/progress'
 *
 * const lines = []
 * const progress = terminalProgress({ output: { write: (text) => lines.push(text) } })
 * progress.onEvent({ type: 'stepDone', step: 'fetch', attempt: 1 })
 * progress.close()
 * lines.join('') // => 'fetch: done\n'
 */
export function terminalProgress(options: TerminalProgressOptions): TerminalProgress {
  const { output, env = {}, now = () => performance.now() } = options
  const isPlain =
    output.isTTY !== true || isSet(env['CI']) || isSet(env['NO_COLOR']) || env['TERM'] === 'dumb'
  const tallies = new Map<string, Tally>()
  return isPlain ? plainLines(output, tallies, now) : redrawnLines(output, tallies, now)
}

function plainLines(
  output: ProgressOutput,
  tallies: Map<string, Tally>,
  now: () => number,
): TerminalProgress {
  let loggedMs = now()
  return {
    onEvent: (event) => {
      const tally = tallyEvent(tallies, event, now())
      const line = tally === undefined ? undefined : ending(event, tally, now())
      if (line !== undefined) output.write(`${line}\n`)
      else if (tally?.isMap === true && now() - loggedMs >= LOG_EVERY_MS) {
        loggedMs = now()
        output.write(`${progressLine(tally, now())}\n`)
      }
    },
    close: () => {
      for (const tally of tallies.values()) {
        if (tally.isMap && !tally.isOver) output.write(`${progressLine(tally, now())}\n`)
      }
    },
  }
}

function redrawnLines(
  output: ProgressOutput,
  tallies: Map<string, Tally>,
  now: () => number,
): TerminalProgress {
  let drawn = 0
  let drawnMs = -Infinity
  const draw = (ended: readonly string[]): void => {
    const running = [...tallies.values()].filter(({ isOver }) => !isOver)
    const width = Math.max(20, (output.columns ?? 80) - 1)
    const lines = running.map((tally) => progressLine(tally, now(), width))
    // Up over what was drawn, then each line anew; the rest of the screen below is cleared.
    const up = drawn === 0 ? '' : `\u001b[${drawn}A`
    const all = [...ended.map((line) => line.slice(0, width)), ...lines]
    output.write(`${up}\r\u001b[J${all.map((line) => `${line}\n`).join('')}`)
    drawn = lines.length
    drawnMs = now()
  }
  return {
    onEvent: (event) => {
      const tally = tallyEvent(tallies, event, now())
      const line = tally === undefined ? undefined : ending(event, tally, now())
      if (line !== undefined) draw([line])
      else if (tally !== undefined && now() - drawnMs >= DRAW_EVERY_MS) draw([])
    },
    close: () => draw([]),
  }
}

/** The line for something that has just ended; items of a map end silently. */
function ending(event: OperationEvent, tally: Tally, nowMs: number): string | undefined {
  if (!tally.isOver) return undefined
  if (event.type === 'stepSkipped') return `${tally.name}: done in an earlier run`
  if (event.type === 'stepFailed') return `${tally.name}: failed`
  if (event.type === 'stepDone') return `${tally.name}: done`
  return event.type === 'mapDone' ? progressLine(tally, nowMs) : undefined
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== 'false'
}

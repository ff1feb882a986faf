import { formatCount, formatNoun } from './report/format.ts'
import type { Paint } from './report/paint.ts'
import { track } from './report/bars.ts'
import type { RunEvent } from './run-event.ts'

/** Where progress goes, and what the place can show. */
export interface ProgressOutput {
  readonly write: (text: string) => void
  /** Whether a line can be written over. */
  readonly isTerminal: boolean
  readonly paint: Paint
  /** Milliseconds from any fixed moment. */
  readonly now: () => number
}

/** Shows how far a run is. */
export interface Progress {
  readonly show: (event: RunEvent) => void
  /** Takes the bar away, so that something else can be written. */
  readonly clear: () => void
}

/** A bar on a terminal, a line for each tenth elsewhere. */
export function progressFor(output: ProgressOutput): Progress {
  return output.isTerminal ? progressBar(output) : progressLines(output)
}

/** Often enough to look alive, seldom enough to cost nothing. */
const REDRAW_MS = 50
export const BAR_WIDTH = 30
const CLEAR_LINE = '\r\u001b[K'

function progressBar({ write, paint, now }: ProgressOutput): Progress {
  let [startedAt, drawnAt, resumedFrom] = [now(), -Infinity, 0]
  const draw = (position: number, total: number): void => {
    const drawn = track({ resumedFrom, position, total }, BAR_WIDTH, paint)
    const counts = `${formatCount(position)} of ${formatNoun(total, 'commit')}`
    const msEach = (now() - startedAt) / (position - resumedFrom)
    const secondsLeft = Math.round((msEach * (total - position)) / 1000)
    const left = secondsLeft >= 1 ? `  ${formatCount(secondsLeft)} s left` : ''
    write(`${CLEAR_LINE}     ${drawn}  ${counts}${left}`)
    drawnAt = now()
  }
  return {
    show(event) {
      if (event.kind === 'started') [startedAt, resumedFrom] = [now(), event.position]
      if (event.kind !== 'read' || now() - drawnAt < REDRAW_MS) return
      draw(event.position, event.total)
    },
    clear() {
      if (drawnAt > -Infinity) write(CLEAR_LINE)
      drawnAt = -Infinity
    },
  }
}

function progressLines({ write }: ProgressOutput): Progress {
  let shown = 0
  const tenthOf = (position: number, total: number): number => Math.floor((10 * position) / total)
  return {
    show(event) {
      if (event.kind === 'started' && event.total > 0) shown = tenthOf(event.position, event.total)
      if (event.kind !== 'read') return
      const { position, total } = event
      const tenth = tenthOf(position, total)
      if (tenth === shown) return
      shown = tenth
      write(`${formatCount(position)} of ${formatNoun(total, 'commit')} (${10 * tenth} %)\n`)
    },
    clear() {},
  }
}

/** So many commits pass between two events of a program at most; in a short history, fewer. */
export const MAX_EVENT_EVERY = 25

/** Every event as a line of JSON, those of single commits now and then. */
export function progressEvents(write: (text: string) => void): Progress {
  return {
    show(event) {
      if (event.kind === 'read' && event.position % eventEvery(event.total) !== 0) return
      write(`${JSON.stringify(event)}\n`)
    },
    clear() {},
  }
}

function eventEvery(total: number): number {
  return Math.max(1, Math.min(MAX_EVENT_EVERY, Math.floor(total / 100)))
}

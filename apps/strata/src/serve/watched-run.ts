import type { Board } from './board.ts'
import { startChild, type Child, type ChildEnd } from './child.ts'
import {
  CHILD_EVENT,
  CHILD_FAILURE,
  CHILD_RESULT,
  type ChildEvent,
  type StartedAgainReason,
} from './child-messages.ts'
import type { ErrorView, RunView, StartView } from './live.ts'

/** What a run on the page needs. */
export interface WatchedRunOptions {
  /** The command line, from `run` on. */
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Milliseconds from any fixed moment. */
  readonly now: () => number
  readonly date: () => Date
  /** Called when something may have changed in the store. */
  readonly onStored: () => void
  /** Called when it has ended, before the board says so: another may begin. */
  readonly onEnd: () => void
}

/** How often the pace is taken, and how many of these are kept: the oldest are thinned out. */
const PACE_MS = 250
const MAX_PACE = 400

/** More starts than that nobody reads. */
const MAX_STARTS = 60
/** The newest epochs of a run. */
const MAX_EPOCHS = 40

/** Starts a run in a process of its own and shows on the board what it tells. */
export function startWatchedRun(board: Board, options: WatchedRunOptions): Child {
  const { now, args, environment, onStored, onEnd } = options
  const { live, put } = board
  const startedAt = now()
  const pace = { at: startedAt, position: 0 }
  const run = (change: Partial<RunView>): void => {
    put('run', { ...live().run, ...change, elapsedMs: Math.round(now() - startedAt) })
  }
  const start = (change: Partial<StartView>): void => {
    const { recovery } = live()
    const last = recovery.at(-1)
    if (last !== undefined) put('recovery', [...recovery.slice(0, -1), { ...last, ...change }])
  }
  begin(board, options)
  const onEvent = (told: unknown): void => {
    const event = CHILD_EVENT.safeParse(told)
    if (!event.success) return
    showEvent(event.data, { board, run, start })
    if (event.data.kind === 'started') pace.position = event.data.position
    if (event.data.kind === 'read') showPace(board, pace, startedAt, now(), event.data.position)
    if (event.data.kind === 'phase') onStored()
  }
  const child = startChild({ args: [...args, '--json', '--detail'], environment, onEvent })
  const ended = child.ended.then((end) => {
    onEnd()
    const view = showEnd(board, end)
    const { position, total } = live().run
    const { state, error } = view
    start({ end: { state, position, total, ...(error === undefined ? {} : { error }) } })
    run({ ...view, commitsPerSecond: meanPace(live().run, now() - startedAt) })
    onStored()
    return end
  })
  return { kill: child.kill, ended }
}

function begin({ live, put }: Board, { date }: WatchedRunOptions): void {
  const { recovery, run } = live()
  const number = (recovery.at(-1)?.number ?? 0) + 1
  const entry: StartView = { number, at: date().toISOString(), skipped: [] }
  put('recovery', [...recovery, entry].slice(-MAX_STARTS))
  put('pace', [])
  put('chunks', { state: 'unknown', cells: [] })
  const { position, total } = run
  const nothing = { resumedFrom: 0, commitsPerSecond: 0, elapsedMs: 0, epochs: [], phases: {} }
  put('run', { state: 'running', position, total, ...nothing })
}

interface Show {
  readonly board: Board
  readonly run: (change: Partial<RunView>) => void
  readonly start: (change: Partial<StartView>) => void
}

function showEvent(event: ChildEvent, { board, run, start }: Show): void {
  const { live, put } = board
  const current = live()
  switch (event.kind) {
    case 'started': {
      const { position, total, epoch = null } = event
      run({ position, total, resumedFrom: position })
      start({ chosen: { epoch, position } })
      // What this server saw of the commits before is still so.
      put(
        'strata',
        current.strata.filter((sample) => sample.position <= position),
      )
      return
    }
    case 'read':
    case 'saving':
      return run({ position: event.position, total: event.total })
    case 'saved': {
      const { epoch, position, pruned } = event
      start({ pruned: prunedSoFar(current.recovery.at(-1), pruned) })
      return run({ epochs: [...current.run.epochs, { epoch, position }].slice(-MAX_EPOCHS) })
    }
    case 'layers': {
      const { position, layers } = event
      return put('strata', [...current.strata, { position, layers }])
    }
    case 'phase':
      return run({ phases: { ...current.run.phases, [event.phase]: event.outcome } })
    case 'checkpoint-skipped': {
      const skipped = current.recovery.at(-1)?.skipped ?? []
      return start({ skipped: [...skipped, { epoch: event.epoch ?? null, reason: event.reason }] })
    }
    case 'started-again':
      return start({ again: AGAIN[event.reason] })
    case 'history-cut':
  }
}

/** Epochs are given up in the order of their numbers. */
function prunedSoFar(start: StartView | undefined, more: readonly number[]): StartView['pruned'] {
  const { first = more[0], last, count = 0 } = start?.pruned ?? {}
  if (first === undefined) return undefined
  return { first, last: more.at(-1) ?? last ?? first, count: count + more.length }
}

const AGAIN: Readonly<Record<StartedAgainReason, string>> = {
  rewritten: 'the saved commit is not on the line to the present one',
  deepened: 'the clone has more history than it had',
  unusable: 'nothing that is saved can be used',
  earlier: 'an earlier version of Strata saved its place in its own way',
}

function showPace(
  { live, put }: Board,
  pace: { at: number; position: number },
  startedAt: number,
  now: number,
  position: number,
): void {
  if (now - pace.at < PACE_MS) return
  const commitsPerSecond = Math.round((1000 * (position - pace.position)) / (now - pace.at))
  const points = [...live().pace, { ms: Math.round(now - startedAt), position, commitsPerSecond }]
  put('pace', points.length > MAX_PACE ? points.filter((_, index) => index % 2 === 1) : points)
  put('run', { ...live().run, commitsPerSecond })
  pace.at = now
  pace.position = position
}

function meanPace({ position, resumedFrom }: RunView, elapsedMs: number): number {
  return Math.round((1000 * (position - resumedFrom)) / elapsedMs)
}

type Ended = Pick<RunView, 'error' | 'digest' | 'root'> & {
  readonly state: Exclude<RunView['state'], 'idle' | 'running'>
}

function showEnd({ put, live }: Board, { signal, result }: ChildEnd): Ended {
  // A process that has hardly begun ends at once when it is asked to.
  if (signal !== null) return { state: signal === 'SIGKILL' ? 'killed' : 'interrupted' }
  const failure = CHILD_FAILURE.safeParse(result)
  if (failure.success) {
    const { code, message } = failure.data.error
    return { state: 'failed', error: { code, message } }
  }
  const told = CHILD_RESULT.safeParse(result)
  if (!told.success) return { state: 'failed', error: NO_RESULT }
  const { finished, ...report } = told.data
  if (!finished) return { state: 'interrupted' }
  put('report', report)
  // A run that had nothing to read has told no layers; the end is known all the same.
  put('run', { ...live().run, position: report.position })
  const { digest, root } = report
  return { state: 'finished', digest, ...(root === null ? {} : { root }) }
}

const NO_RESULT: ErrorView = {
  code: 'IO_FAILED',
  message: 'strata ended without a result',
}

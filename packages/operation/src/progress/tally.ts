import type { OperationEvent } from '../events/operation-event.ts'

/** How far a map or a step is, as counted from events. */
export interface Tally {
  readonly name: string
  readonly isMap: boolean
  readonly startedMs: number
  /** Done in this run. */
  readonly done: number
  /** Done in an earlier run. */
  readonly skipped: number
  readonly total: number | undefined
  readonly unit: string
  readonly isOver: boolean
}

/** Something that begins. */
export function startTally(name: string, nowMs: number, isMap: boolean): Tally {
  const unit = isMap ? 'items' : ''
  const nothing = { done: 0, skipped: 0, total: undefined, isOver: false }
  return { name, isMap, startedMs: nowMs, unit, ...nothing }
}

/** Counts an event; gives the tally that it changed. What is over is forgotten. */
export function tallyEvent(
  tallies: Map<string, Tally>,
  event: OperationEvent,
  nowMs: number,
): Tally | undefined {
  if (!('step' in event)) return undefined
  const name = displayName(event, tallies)
  const before = tallies.get(name) ?? startTally(name, nowMs, event.type === 'mapStarted')
  const tally = counted(before, event)
  if (tally.isOver) tallies.delete(name)
  else tallies.set(name, tally)
  return tally
}

/** Items of a map count for the map; other keyed steps stand for themselves. */
function displayName(
  event: Extract<OperationEvent, { readonly step: string }>,
  tallies: ReadonlyMap<string, Tally>,
): string {
  if (event.key === undefined || tallies.get(event.step)?.isMap === true) return event.step
  return `${event.step} ${event.key}`
}

function counted(tally: Tally, event: OperationEvent): Tally {
  const { type } = event
  if (type === 'mapStarted') return { ...tally, total: event.total }
  if (type === 'mapDone') return { ...tally, isOver: true }
  if (tally.isMap) {
    if (type === 'stepDone') return { ...tally, done: tally.done + 1 }
    return type === 'stepSkipped' ? { ...tally, skipped: tally.skipped + 1 } : tally
  }
  if (type === 'stepProgress') {
    const { done, total = tally.total, unit = tally.unit } = event
    return { ...tally, done, total, unit }
  }
  const isOver = type === 'stepDone' || type === 'stepSkipped' || type === 'stepFailed'
  return isOver ? { ...tally, isOver } : tally
}

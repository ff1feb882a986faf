import { forEachRun } from '../layers/births.ts'
import type { State } from '../layers/state.ts'
import { formatDay } from './format.ts'

/** How much time one layer takes. */
export type LayerUnit = 'year' | 'quarter' | 'month' | 'day'

/** The lines that survive of those born in one stretch of time. */
export interface Layer {
  /** `2019`, `2019-Q3`, `2019-07` or `2019-07-04`. */
  readonly name: string
  /** Rises by one from each stretch of time to the next. */
  readonly ordinal: number
  readonly lines: number
}

/** Surviving lines by the day they were born, oldest first. */
export type LinesByDay = readonly (readonly [day: number, lines: number])[]

/** How many surviving lines were born on each day. */
export function linesByDay(state: State): LinesByDay {
  const lines = new Map<number, number>()
  for (const { births } of state.files.values()) {
    forEachRun(births, (day, _, count) => lines.set(day, (lines.get(day) ?? 0) + count))
  }
  return [...lines].sort(([a], [b]) => a - b)
}

/** The layers that have lines, oldest first. */
export function layersOf(days: LinesByDay, unit: LayerUnit): Layer[] {
  const layers: Layer[] = []
  for (const [day, lines] of days) {
    const ordinal = ordinalOf(day, unit)
    const last = layers.at(-1)
    if (last?.ordinal !== ordinal) layers.push({ name: nameOf(day, unit), ordinal, lines })
    else layers[layers.length - 1] = { ...last, lines: last.lines + lines }
  }
  return layers
}

/** The unit that makes a chart of about five to thirty layers. */
export function fittingUnit(days: LinesByDay): LayerUnit {
  const span = (days.at(-1)?.[0] ?? 0) - (days[0]?.[0] ?? 0)
  if (span > 5 * 365) return 'year'
  if (span > 15 * 30) return 'quarter'
  return span > 45 ? 'month' : 'day'
}

/** The number of the layer that a day belongs to. */
export function ordinalOf(day: number, unit: LayerUnit): number {
  if (unit === 'day') return day
  const [year = 0, month = 1] = formatDay(day).split('-').map(Number)
  if (unit === 'year') return year
  return unit === 'month' ? 12 * year + month - 1 : 4 * year + quarterOf(month) - 1
}

function nameOf(day: number, unit: LayerUnit): string {
  const date = formatDay(day)
  if (unit === 'day') return date
  if (unit === 'month') return date.slice(0, 7)
  const year = date.slice(0, 4)
  return unit === 'year' ? year : `${year}-Q${quarterOf(Number(date.slice(5, 7)))}`
}

function quarterOf(month: number): number {
  return Math.ceil(month / 3)
}

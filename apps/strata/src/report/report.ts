import { countLines } from '../layers/births.ts'
import { showPath } from '../layers/show-path.ts'
import type { SourceFile, State } from '../layers/state.ts'
import { filePairsOf, type FilePair } from './file-pairs.ts'
import { linesByDay, type LinesByDay } from './layers.ts'
import { ownershipOf, type Ownership } from './ownership.ts'

/** What a state says, in numbers. */
export interface Report {
  readonly files: number
  readonly binaryFiles: number
  readonly lines: number
  /** The surviving lines by the day they were born, oldest first. */
  readonly days: LinesByDay
  /** Half of the lines were born on this day or before; `undefined` without lines. */
  readonly medianDay: number | undefined
  /** The files where most of the work goes, the first one first. */
  readonly hotspots: readonly Hotspot[]
  /** The files that belong together, the closest first. */
  readonly filePairs: readonly FilePair[]
  /** Who wrote what, the largest directory first. */
  readonly ownership: readonly Ownership[]
}

/**
 * A file that is large and often changed: `churn × lines` says how much of the work of reading and
 * changing code it takes. The commit that made it is no churn, so imported files are not hot.
 */
export interface Hotspot {
  /** As git shows it: quoted when it is not plain. */
  readonly path: string
  readonly lines: number
  /** The commits that touched it. */
  readonly commits: number
  /** The lines added and taken away after the commit that made it. */
  readonly churn: number
  readonly file: SourceFile
}

/** How much of what has an order is kept. */
export interface Extent {
  readonly hotspots: number
  readonly filePairs: number
}

/** What fits on a screen of text. */
const BRIEF: Extent = { hotspots: 10, filePairs: 10 }

/** What a picture has room for. */
export const DETAILED: Extent = { hotspots: 150, filePairs: 40 }

/** Sums up a state. */
export function reportOf(state: State, extent: Extent = BRIEF): Report {
  const days = linesByDay(state)
  const lines = days.reduce((sum, [, count]) => sum + count, 0)
  let binaryFiles = 0
  for (const { binary } of state.files.values()) binaryFiles += binary ? 1 : 0
  return {
    files: state.files.size,
    binaryFiles,
    lines,
    days,
    medianDay: medianOf(days, lines),
    hotspots: hotspotsOf(state, extent.hotspots),
    filePairs: filePairsOf(state, extent.filePairs),
    ownership: ownershipOf(state),
  }
}

function medianOf(days: LinesByDay, lines: number): number | undefined {
  let seen = 0
  for (const [day, count] of days) {
    seen += count
    if (2 * seen >= lines) return day
  }
  return undefined
}

function hotspotsOf(state: State, count: number): Hotspot[] {
  const files = Array.from(state.files, ([path, file]) => {
    const lines = countLines(file.births)
    return { path, lines, heat: lines * file.churn, file }
  })
  return files
    .filter(({ heat }) => heat > 0)
    .sort((a, b) => b.heat - a.heat || (a.path < b.path ? -1 : 1))
    .slice(0, count)
    .map(({ path, lines, file }) => {
      return { path: showPath(path), lines, commits: file.commits, churn: file.churn, file }
    })
}

import type { Failure } from '../errors.ts'
import { metricsOf } from '../layers/metrics.ts'
import type { RunResult } from '../run.ts'
import { formatDay } from './format.ts'
import { layersOf } from './layers.ts'
import type { Ownership } from './ownership.ts'

/** The version of the JSON form: rises when a field changes its meaning or goes away. */
export const JSON_VERSION = 2

/** So many directories are told, and of each so many authors: a line of JSON that can be read. */
const DIRECTORIES = 100
const OWNERS = 10

/** A failure as one line of JSON. */
export function failureJson(failure: Failure): string {
  return JSON.stringify({ strata: JSON_VERSION, error: failure })
}

/** The result as one line of JSON; the README describes each field. The digest is the last. */
export function jsonOf(result: RunResult): string {
  const { state, report, incidents } = result
  const dayOrNull = (day: number | undefined): string | null =>
    day === undefined || state.position === 0 ? null : formatDay(day)
  return JSON.stringify({
    strata: JSON_VERSION,
    commit: state.commit ?? null,
    position: state.position,
    total: result.total,
    finished: result.finished,
    resumedFrom: result.resumedFrom,
    commitsRead: result.commitsRead,
    shallow: state.origin?.cut ?? false,
    startedAgain: incidents.startedAgain ?? null,
    checkpointsSkipped: incidents.checkpointsSkipped,
    firstDay: dayOrNull(state.firstDay),
    lastDay: dayOrNull(state.lastDay),
    medianDay: dayOrNull(report.medianDay),
    files: report.files,
    binaryFiles: report.binaryFiles,
    lines: report.lines,
    layers: layersOf(report.days, 'month').map(({ name, lines }) => ({ month: name, lines })),
    hotspots: report.hotspots.map(({ path, lines, commits, churn, file }) => {
      const medianDay = dayOrNull(metricsOf(file).medianDay)
      return { path, lines, commits, churn, medianDay }
    }),
    coChanges: report.filePairs.map(({ paths, support, confidence }) => {
      return { paths, support, confidence: rounded(confidence) }
    }),
    ownership: report.ownership.slice(0, DIRECTORIES).map(ownershipJson),
    root: result.sealed?.root ?? null,
    digest: result.digest,
  })
}

function ownershipJson({ directory, lines, owners }: Ownership): object {
  const authors = owners.slice(0, OWNERS).map(({ name, email, lines: own }) => {
    return { name, email, lines: own, share: rounded(own / lines) }
  })
  return { directory, lines, authors }
}

/** A part of a whole to four digits. */
function rounded(part: number): number {
  return Number(part.toFixed(4))
}

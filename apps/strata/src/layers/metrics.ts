import { attempt, coreError, thrownError, type CoreError, type Result } from '@tidemark/core'
import { countLines, forEachRun, type Births } from './births.ts'
import type { SourceFile, State } from './state.ts'
import { VarintReader, VarintWriter } from './varint.ts'

/** Rises when the bytes or the meaning of a sealed value change: roots are others then. */
const METRICS_VERSION = 1

/** What of a file is sealed. */
export interface FileMetrics {
  readonly binary: boolean
  readonly lines: number
  /** The commits that touched it. */
  readonly commits: number
  /** The lines added and taken away after the commit that made it. */
  readonly churn: number
  /** Half of its lines were born on this day or before; `undefined` without lines. */
  readonly medianDay: number | undefined
}

/** What of a history is sealed beside its files. */
export interface HistoryMetrics {
  readonly commit: string
  readonly position: number
  readonly files: number
  readonly lines: number
}

/** The metrics of a file. */
export function metricsOf({ births, binary, commits, churn }: SourceFile): FileMetrics {
  return { binary, lines: countLines(births), commits, churn, medianDay: medianDayOf(births) }
}

/** The metrics of a history. */
export function historyMetricsOf({ commit = '', position, files }: State): HistoryMetrics {
  let lines = 0
  for (const { births } of files.values()) lines += countLines(births)
  return { commit, position, files: files.size, lines }
}

/**
 * The metrics of a file as bytes, one form for each: as {@link VarintWriter} writes them, the
 * version, 1 if it is binary, its lines, its commits, its churn and, if there are lines, the median
 * day, days before 1970 being negative.
 */
export function encodeFileMetrics(metrics: FileMetrics): Uint8Array {
  const writer = new VarintWriter(VALUE_BYTES)
  writer.whole(METRICS_VERSION)
  writer.whole(metrics.binary ? 1 : 0)
  writer.whole(metrics.lines)
  writer.whole(metrics.commits)
  writer.whole(metrics.churn)
  if (metrics.medianDay !== undefined) writer.signed(metrics.medianDay)
  return writer.bytes()
}

/** Reads what {@link encodeFileMetrics} wrote; anything else is refused. */
export function decodeFileMetrics(bytes: Uint8Array): Result<FileMetrics, DecodeMetricsError> {
  return decode(bytes, (reader) => {
    const [kind, lines] = [reader.whole(), reader.whole()]
    if (kind > 1) throw unreadable('a file is of no known kind')
    const [commits, churn] = [reader.whole(), reader.whole()]
    const medianDay = lines === 0 ? undefined : reader.signed()
    return { binary: kind === 1, lines, commits, churn, medianDay }
  })
}

/** The metrics of a history as bytes: the version, the commit, its number, the files, the lines. */
export function encodeHistoryMetrics(metrics: HistoryMetrics): Uint8Array {
  const writer = new VarintWriter(VALUE_BYTES)
  writer.whole(METRICS_VERSION)
  writer.text(metrics.commit)
  writer.whole(metrics.position)
  writer.whole(metrics.files)
  writer.whole(metrics.lines)
  return writer.bytes()
}

/** Reads what {@link encodeHistoryMetrics} wrote; anything else is refused. */
export function decodeHistoryMetrics(
  bytes: Uint8Array,
): Result<HistoryMetrics, DecodeMetricsError> {
  return decode(bytes, (reader) => {
    const commit = reader.text()
    const [position, files, lines] = [reader.whole(), reader.whole(), reader.whole()]
    return { commit, position, files, lines }
  })
}

/** Why sealed bytes are no metrics. */
export type DecodeMetricsError = CoreError<'CORRUPTED' | 'UNSUPPORTED_VERSION'>

/** What errors call it. */
const SEALED = 'sealed result'

/** Room for most values, so that many are written in little memory. */
const VALUE_BYTES = 64

function decode<T>(
  bytes: Uint8Array,
  read: (reader: VarintReader) => T,
): Result<T, DecodeMetricsError> {
  return attempt(
    () => {
      const reader = new VarintReader(bytes, SEALED)
      const version = reader.whole()
      if (version !== METRICS_VERSION) throw unsupported(version)
      const metrics = read(reader)
      reader.end()
      return metrics
    },
    thrownError<DecodeMetricsError>,
  )
}

function medianDayOf(births: Births): number | undefined {
  const runs: (readonly [day: number, lines: number])[] = []
  forEachRun(births, (day, _, lines) => runs.push([day, lines]))
  runs.sort(([a], [b]) => a - b)
  const half = countLines(births) / 2
  let seen = 0
  for (const [day, lines] of runs) {
    seen += lines
    if (seen >= half) return day
  }
  return undefined
}

function unreadable(reason: string): CoreError<'CORRUPTED'> {
  return coreError('CORRUPTED', `the ${SEALED} is not one: ${reason}`, { what: SEALED, reason })
}

function unsupported(found: number): CoreError<'UNSUPPORTED_VERSION'> {
  const message = `the ${SEALED} has version ${found}, this Strata knows ${METRICS_VERSION}`
  const details = { what: SEALED, found, supported: METRICS_VERSION }
  return coreError('UNSUPPORTED_VERSION', message, details)
}

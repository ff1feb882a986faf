import { forEachRun } from '../layers/births.ts'
import type { SourceFile } from '../layers/state.ts'
import { fitEnd, formatCount } from './format.ts'
import { fittingUnit, layersOf, ordinalOf } from './layers.ts'
import type { Page } from './page.ts'
import type { Paint } from './paint.ts'
import type { Report } from './report.ts'
import { strip, STRIP_WIDTH } from './strip.ts'

const NUMBER_WIDTH = 9

/** One row for each hotspot, with a strip that shows how old its lines are. */
export function renderHotspots(report: Report, { width, paint }: Page): string[] {
  const pathWidth = Math.max(16, width - 3 * NUMBER_WIDTH - STRIP_WIDTH - 4)
  const cells = (path: string, numbers: readonly string[], drawn: string): string =>
    `${path.padEnd(pathWidth)}${numbers.map((n) => n.padStart(NUMBER_WIDTH)).join('')}  ${drawn}`
  const heading = cells('', ['lines', 'commits', 'churn'], 'old to new')
  const stripOf = ageStrip(report, paint)
  const rows = report.hotspots.map(({ path, lines, commits, churn, file }) =>
    cells(fitEnd(path, pathWidth), [lines, commits, churn].map(formatCount), stripOf(file)),
  )
  const title = paint.bold('Hotspots') + paint.faint(': churn × size')
  return [title, paint.faint(heading), ...rows]
}

function ageStrip(report: Report, paint: Paint): (file: SourceFile) => string {
  const unit = fittingUnit(report.days)
  const layers = layersOf(report.days, unit)
  const indexes = new Map(layers.map(({ ordinal }, index) => [ordinal, index]))
  return ({ births }) => {
    const parts = layers.map(() => 0)
    forEachRun(births, (day, _, lines) => {
      const index = indexes.get(ordinalOf(day, unit)) ?? 0
      parts[index] = (parts[index] ?? 0) + lines
    })
    return strip(parts, paint)
  }
}

import type { SourceFile, State } from '../layers/state.ts'
import { bar, shares } from './bars.ts'
import { fitEnd, formatCount, formatDay, formatNoun, formatShare } from './format.ts'
import { fittingUnit, layersOf, ordinalOf } from './layers.ts'
import type { Page } from './page.ts'
import type { Paint } from './paint.ts'
import type { Report } from './report.ts'

const MARGIN = '  '

/** The report as text: the sums, the layers, the hotspots. Each line ends with a line feed. */
export function renderReport(state: State, report: Report, page: Page): string {
  const lines = [...renderSums(state, report, page)]
  if (report.lines > 0) lines.push('', ...renderLayers(report, page))
  if (report.hotspots.length > 0) lines.push('', ...renderHotspots(report, page))
  return lines.map((line) => (line === '' ? '\n' : `${MARGIN}${line}\n`)).join('')
}

function renderSums(state: State, report: Report, { paint }: Page): string[] {
  const { files, binaryFiles, lines, medianDay } = report
  if (state.position === 0) return ['There are no commits yet.']
  const when =
    state.firstDay === state.lastDay
      ? `on ${formatDay(state.firstDay)}`
      : `from ${formatDay(state.firstDay)} to ${formatDay(state.lastDay)}`
  const binary = binaryFiles === 0 ? '' : `, ${formatCount(binaryFiles)} of them binary`
  const sums = [
    `${formatNoun(state.position, 'commit')} ${when}`,
    `${paint.bold(formatNoun(lines, 'line'))} in ${formatNoun(files, 'file')}${binary}`,
  ]
  if (medianDay !== undefined) sums.push(`half of them born by ${formatDay(medianDay)}`)
  return sums
}

/** One bar for each layer, the youngest on top, as in the ground. */
function renderLayers(report: Report, { width, paint }: Page): string[] {
  const unit = fittingUnit(report.days)
  const layers = layersOf(report.days, unit)
  const largest = Math.max(...layers.map(({ lines }) => lines))
  const nameWidth = layers[0]?.name.length ?? 0
  const countWidth = formatCount(largest).length
  const barWidth = Math.max(10, width - nameWidth - countWidth - SHARE_WIDTH - 6)
  const rows = layers.flatMap(({ name, ordinal, lines }, index) => {
    const drawn = bar(lines, largest, barWidth)
    const painted = paint.age(drawn, ageOf(index, layers.length))
    const blank = ' '.repeat(barWidth - drawn.length)
    const share = formatShare(lines, report.lines).padStart(SHARE_WIDTH)
    const row = `${name}  ${painted}${blank}  ${formatCount(lines).padStart(countWidth)}${share}`
    const gap = index === 0 ? 1 : ordinal - (layers[index - 1]?.ordinal ?? 0)
    return gap > 1 ? [paint.faint('⋮'), row] : [row]
  })
  const title = paint.bold('Strata') + paint.faint(`: surviving lines by ${unit} of birth`)
  return [title, ...rows.toReversed()]
}

const SHARE_WIDTH = 6

/** One row for each hotspot, with a strip that shows how old its lines are. */
function renderHotspots(report: Report, { width, paint }: Page): string[] {
  const pathWidth = Math.max(16, width - 3 * NUMBER_WIDTH - STRIP_WIDTH - 4)
  const cells = (path: string, numbers: readonly string[], strip: string): string =>
    `${path.padEnd(pathWidth)}${numbers.map((n) => n.padStart(NUMBER_WIDTH)).join('')}  ${strip}`
  const heading = cells('', ['lines', 'commits', 'churn'], 'old to new')
  const stripOf = ageStrip(report, paint)
  const rows = report.hotspots.map(({ path, lines, commits, churn, file }) =>
    cells(fitEnd(path, pathWidth), [lines, commits, churn].map(formatCount), stripOf(file)),
  )
  const title = paint.bold('Hotspots') + paint.faint(': churn × size')
  return [title, paint.faint(heading), ...rows]
}

const NUMBER_WIDTH = 9
const STRIP_WIDTH = 12

/** Without colours, shades tell ages apart: the older, the denser. */
const SHADES = '█▓▒░'

function ageStrip(report: Report, paint: Paint): (file: SourceFile) => string {
  const unit = fittingUnit(report.days)
  const layers = layersOf(report.days, unit)
  const indexes = new Map(layers.map(({ ordinal }, index) => [ordinal, index]))
  return ({ births }) => {
    const parts = layers.map(() => 0)
    for (let i = 0; i < births.length; i += 2) {
      const index = indexes.get(ordinalOf(births[i] ?? 0, unit)) ?? 0
      parts[index] = (parts[index] ?? 0) + (births[i + 1] ?? 0)
    }
    const painted = shares(parts, STRIP_WIDTH).map((share, index) => {
      const age = ageOf(index, layers.length)
      const shade = paint.colours ? '█' : SHADES.charAt(Math.floor(age * (SHADES.length - 0.01)))
      return paint.age(shade.repeat(share), age)
    })
    return painted.join('')
  }
}

/** The age of a layer as paint wants it: 0 for the oldest, 1 for the youngest. */
function ageOf(index: number, layers: number): number {
  return layers === 1 ? 1 : index / (layers - 1)
}

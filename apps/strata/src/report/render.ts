import type { State } from '../layers/state.ts'
import { bar } from './bars.ts'
import { formatCount, formatDay, formatNoun, formatShare } from './format.ts'
import { fittingUnit, layersOf } from './layers.ts'
import type { Page } from './page.ts'
import { renderFilePairs } from './render-file-pairs.ts'
import { renderHotspots } from './render-hotspots.ts'
import { renderOwnership } from './render-ownership.ts'
import type { Report } from './report.ts'
import { ageOf } from './strip.ts'

const MARGIN = '  '

/** The report as text: the sums, then each of its tables. Each line ends with a line feed. */
export function renderReport(state: State, report: Report, page: Page): string {
  const lines = [...renderSums(state, report, page)]
  if (report.lines > 0) lines.push('', ...renderLayers(report, page))
  if (report.hotspots.length > 0) lines.push('', ...renderHotspots(report, page))
  if (report.filePairs.length > 0) lines.push('', ...renderFilePairs(report.filePairs, page))
  if (report.ownership.length > 0) lines.push('', ...renderOwnership(report.ownership, page))
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

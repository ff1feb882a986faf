import type { FilePair } from './file-pairs.ts'
import { fitEnd, formatCount, formatShare } from './format.ts'
import type { Page } from './page.ts'

const NUMBER_WIDTH = 10

/** One row for each pair of files. */
export function renderFilePairs(pairs: readonly FilePair[], { width, paint }: Page): string[] {
  const pathWidth = Math.floor((width - 2 * NUMBER_WIDTH - 4) / 2)
  const cells = (paths: readonly string[], numbers: readonly string[]): string => {
    const fitted = paths.map((path) => fitEnd(path, pathWidth).padEnd(pathWidth))
    return fitted.join('  ') + numbers.map((number) => number.padStart(NUMBER_WIDTH)).join('')
  }
  const heading = cells(['', ''], ['together', 'sure'])
  const rows = pairs.map(({ paths, support, confidence }) =>
    cells(paths, [formatCount(support), formatShare(confidence, 1)]),
  )
  const title = paint.bold('Co-change') + paint.faint(': files that change in the same commits')
  return [title, paint.faint(heading), ...rows]
}

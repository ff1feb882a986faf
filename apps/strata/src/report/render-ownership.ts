import { fitEnd, fitStart, formatCount, formatShare } from './format.ts'
import type { Owner, Ownership } from './ownership.ts'
import type { Page } from './page.ts'
import { strip, STRIP_WIDTH } from './strip.ts'

/** The smaller directories are in the JSON. */
const ROWS = 8

/** So many owners have a part of the strip each; the others share the last. */
const PARTS = 3

const NUMBER_WIDTH = 9
const SHARE_WIDTH = 6

/** One row for each directory, with a strip that shows how its lines are shared out. */
export function renderOwnership(all: readonly Ownership[], { width, paint }: Page): string[] {
  const rest = width - NUMBER_WIDTH - STRIP_WIDTH - SHARE_WIDTH - 6
  const directoryWidth = Math.ceil(rest / 2)
  const nameWidth = rest - directoryWidth
  const cells = (directory: string, lines: string, drawn: string, name: string): string =>
    `${directory.padEnd(directoryWidth)}${lines.padStart(NUMBER_WIDTH)}  ${drawn}  ${name}`
  const heading = cells('', 'lines', 'most to least', 'most by')
  const rows = all.slice(0, ROWS).map(({ directory, lines, owners }) => {
    const first = Array.from({ length: PARTS }, (_, place) => owners[place]?.lines ?? 0)
    const others = lines - first.reduce((sum, part) => sum + part, 0)
    const name = fitStart(nameOf(owners[0]), nameWidth).padEnd(nameWidth)
    const share = formatShare(first[0] ?? 0, lines).padStart(SHARE_WIDTH)
    const drawn = strip([...first, others], paint)
    return cells(fitEnd(directory, directoryWidth), formatCount(lines), drawn, `${name}${share}`)
  })
  const title = paint.bold('Ownership') + paint.faint(': who wrote the surviving lines')
  return [title, paint.faint(heading), ...rows]
}

/** An author without a name is known by the address. */
function nameOf(owner: Owner | undefined): string {
  if (owner === undefined) return ''
  return owner.name === '' ? owner.email : owner.name
}

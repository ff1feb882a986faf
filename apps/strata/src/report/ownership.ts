import type { Author } from '../layers/authors.ts'
import { forEachRun } from '../layers/births.ts'
import { showPath } from '../layers/show-path.ts'
import type { State } from '../layers/state.ts'

/** Who wrote the lines that survive in a directory and below it. */
export interface Ownership {
  /** The top two levels of the path, as git shows it; `.` for files that are in none. */
  readonly directory: string
  readonly lines: number
  /** Those who wrote any, most lines first. */
  readonly owners: readonly Owner[]
}

/** What one author wrote of a directory. */
export interface Owner {
  readonly name: string
  readonly email: string
  readonly lines: number
}

/** So many levels of a path make a directory of its own. */
const LEVELS = 2

/** The directories that have lines, most lines first. */
export function ownershipOf({ files, authors }: State): Ownership[] {
  const directories = new Map<string, Map<number, number>>()
  for (const [path, { births }] of files) {
    const directory = directoryOf(path)
    const lines = directories.get(directory) ?? new Map<number, number>()
    directories.set(directory, lines)
    forEachRun(births, (_, author, count) => lines.set(author, (lines.get(author) ?? 0) + count))
  }
  const known = [...authors.values()]
  return Array.from(directories, ([directory, lines]) => ({
    directory,
    lines: [...lines.values()].reduce((sum, count) => sum + count, 0),
    owners: ownersOf(lines, known),
  }))
    .filter(({ lines }) => lines > 0)
    .sort((a, b) => b.lines - a.lines || (a.directory < b.directory ? -1 : 1))
    .map((each) => ({ ...each, directory: showPath(each.directory) }))
}

function ownersOf(lines: ReadonlyMap<number, number>, authors: readonly Author[]): Owner[] {
  return Array.from(lines)
    .sort(([a, x], [b, y]) => y - x || a - b)
    .map(([number, count]) => {
      const { name = '', email = '' } = authors[number] ?? {}
      return { name: showPath(name), email: showPath(email), lines: count }
    })
}

function directoryOf(path: string): string {
  const directory = path.split('/').slice(0, -1).slice(0, LEVELS).join('/')
  return directory === '' ? '.' : directory
}

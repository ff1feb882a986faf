import type { Random } from './random.ts'
import { madeLine, madeName } from './words.ts'

/** The files of a made-up project, and what is done to them. */
export interface Project {
  readonly files: Map<string, MadeFile>
  /** The paths, in a fixed order, to pick from. */
  modules: readonly [string, ...string[]]
}

/** A file of a made-up project. */
export interface MadeFile {
  readonly lines: readonly string[]
  /** How likely it is to be changed: few files are changed all the time. */
  readonly heat: number
}

/** What a commit does: each path with its new lines, `undefined` where it is gone. */
export type Changes = Map<string, readonly string[] | undefined>

/** Few files draw most of the changes. */
const HEAT_EXPONENT = 6

/** An empty project with its directories. */
export function newProject(): Project {
  return { files: new Map(), modules: ['src/tide', 'src/harbour', 'src/chart', 'docs', 'test'] }
}

/** Makes a file of a size that files have. */
export function addFile(project: Project, random: Random, changes: Changes): void {
  const module = random.pick(project.modules)
  const path = `${module}/${madeName(random)}.${kindOf(module) === 'code' ? 'ts' : 'md'}`
  const size = Math.round(15 * 9 ** random.fraction())
  const lines = Array.from({ length: size }, () => madeLine(random, kindOf(path)))
  write(project, changes, path, lines, random.fraction() ** HEAT_EXPONENT)
}

/** Changes a few lines in one to three places of a file. */
export function editFile(project: Project, random: Random, changes: Changes): void {
  const [path, file] = pickFile(project, random)
  const lines = [...file.lines]
  for (let places = random.between(1, 3); places > 0; places -= 1) {
    const at = random.between(0, lines.length)
    const fresh = Array.from({ length: random.between(0, 7) }, () => madeLine(random, kindOf(path)))
    lines.splice(at, random.between(0, 6), ...fresh)
  }
  write(project, changes, path, lines, file.heat)
}

/** Writes a good part of a file anew. */
export function rewriteFile(project: Project, random: Random, changes: Changes): void {
  const [path, file] = pickFile(project, random)
  const lines = file.lines.map((line) =>
    random.chance(0.5) ? madeLine(random, kindOf(path)) : line,
  )
  write(project, changes, path, lines, file.heat)
}

/** Gives a file another name. */
export function moveFile(project: Project, random: Random, changes: Changes): void {
  const [path, file] = pickFile(project, random)
  remove(project, changes, path)
  const module = path.slice(0, path.lastIndexOf('/'))
  const target = `${module}/${madeName(random)}${path.slice(path.lastIndexOf('.'))}`
  write(project, changes, target, file.lines, file.heat)
}

/** Takes a file away; the hot ones are needed. */
export function dropFile(project: Project, random: Random, changes: Changes): void {
  const paths = [...project.files.keys()]
  const path = paths[random.between(0, paths.length - 1)]
  if (path !== undefined && (project.files.get(path)?.heat ?? 1) < 0.5) {
    remove(project, changes, path)
  }
}

/** Moves a whole directory and touches up each file in it, as refactors do. */
export function moveModule(project: Project, random: Random, changes: Changes): void {
  const from = random.pick(project.modules)
  const to = `${kindOf(from) === 'code' ? 'src' : 'docs'}/${madeName(random)}`
  const [first, ...rest] = project.modules
  project.modules = [first === from ? to : first, ...rest.map((m) => (m === from ? to : m))]
  for (const [path, file] of Array.from(project.files)) {
    if (!path.startsWith(`${from}/`)) continue
    remove(project, changes, path)
    const lines = [madeLine(random, kindOf(path)), ...file.lines.slice(1)]
    write(project, changes, `${to}${path.slice(from.length)}`, lines, file.heat)
  }
}

/** Opens another directory. */
export function addModule(project: Project, random: Random): void {
  project.modules = [...project.modules, `src/${madeName(random)}`]
}

function write(
  project: Project,
  changes: Changes,
  path: string,
  lines: readonly string[],
  heat: number,
): void {
  project.files.set(path, { lines, heat })
  changes.set(path, lines)
}

function remove(project: Project, changes: Changes, path: string): void {
  project.files.delete(path)
  changes.set(path, undefined)
}

/** Draws a file, the hot ones more often. */
function pickFile(project: Project, random: Random): [string, MadeFile] {
  let total = 0
  for (const { heat } of project.files.values()) total += heat + 0.02
  let left = random.fraction() * total
  for (const [path, file] of project.files) {
    left -= file.heat + 0.02
    if (left <= 0) return [path, file]
  }
  throw new RangeError('a project without files has none to pick')
}

function kindOf(path: string): 'code' | 'prose' {
  return path.startsWith('docs') ? 'prose' : 'code'
}

import type { Hunks } from '../history/commit.ts'

/** How a line came to be. */
export interface Birth {
  /** Whole days since 1970-01-01, UTC. */
  readonly day: number
  /** The number of the author, see `Authors`. */
  readonly author: number
}

/**
 * How each line of a file was born, from its first line to its last: for each run of lines that
 * were born alike the day, the author, and the number of lines. Neighbours differ in day or author.
 */
export type Births = Int32Array

/** The numbers of one run in {@link Births}. */
export const RUN_NUMBERS = 3

/** A file without lines. */
export const NO_LINES: Births = new Int32Array()

/** A file whose lines were all born alike. */
export function bornOn({ day, author }: Birth, lines: number): Births {
  return lines === 0 ? NO_LINES : Int32Array.of(day, author, lines)
}

/** The number of lines. */
export function countLines(births: Births): number {
  let lines = 0
  for (let i = 2; i < births.length; i += RUN_NUMBERS) lines += births[i] ?? 0
  return lines
}

/** Tells each run of lines, from the first line of the file to the last. */
export function forEachRun(
  births: Births,
  tell: (day: number, author: number, lines: number) => void,
): void {
  for (let i = 0; i < births.length; i += RUN_NUMBERS) {
    tell(births[i] ?? 0, births[i + 1] ?? 0, births[i + 2] ?? 0)
  }
}

/**
 * The births after a change: what a hunk takes away is gone, what it adds has the birth given,
 * everything else keeps its own. `undefined` when the hunks do not fit these lines.
 */
export function applyHunks(births: Births, hunks: Hunks, birth: Birth): Births | undefined {
  // A hunk of four numbers adds one run and may cut another in two: two more runs.
  const next = new Int32Array(births.length + (hunks.length / 2) * RUN_NUMBERS)
  const cursor = { births, next, run: 0, used: 0, length: 0 }
  let oldLine = 0
  let newLine = 0
  for (let i = 0; i < hunks.length; i += 4) {
    const [oldStart = 0, oldCount = 0, newStart = 0, newCount = 0] = hunks.slice(i, i + 4)
    // A side without lines names the line before it.
    const kept = (oldCount === 0 ? oldStart : oldStart - 1) - oldLine
    if (kept < 0 || newLine + kept !== (newCount === 0 ? newStart : newStart - 1)) return undefined
    if (!copyLines(cursor, kept) || !skipLines(cursor, oldCount)) return undefined
    append(cursor, birth.day, birth.author, newCount)
    oldLine += kept + oldCount
    newLine += kept + newCount
  }
  copyRest(cursor)
  return next.slice(0, cursor.length)
}

/** Where reading and writing are: `used` lines of the run at `run` are done. */
interface Cursor {
  readonly births: Births
  readonly next: Int32Array
  run: number
  used: number
  length: number
}

function copyLines(cursor: Cursor, count: number): boolean {
  return step(cursor, count, true)
}

function skipLines(cursor: Cursor, count: number): boolean {
  return step(cursor, count, false)
}

function step(cursor: Cursor, count: number, keep: boolean): boolean {
  const { births } = cursor
  for (let left = count; left > 0;) {
    if (cursor.run >= births.length) return false
    const there = (births[cursor.run + 2] ?? 0) - cursor.used
    const taken = Math.min(there, left)
    if (keep) appendRun(cursor, taken)
    left -= taken
    cursor.used += taken
    if (taken === there) {
      cursor.run += RUN_NUMBERS
      cursor.used = 0
    }
  }
  return true
}

function copyRest(cursor: Cursor): void {
  const { births } = cursor
  for (; cursor.run < births.length; cursor.run += RUN_NUMBERS) {
    appendRun(cursor, (births[cursor.run + 2] ?? 0) - cursor.used)
    cursor.used = 0
  }
}

/** Copies lines of the run at hand. */
function appendRun(cursor: Cursor, count: number): void {
  const { births, run } = cursor
  append(cursor, births[run] ?? 0, births[run + 1] ?? 0, count)
}

function append(cursor: Cursor, day: number, author: number, count: number): void {
  const { next, length } = cursor
  if (count === 0) return
  if (length > 0 && next[length - 3] === day && next[length - 2] === author) {
    next[length - 1] = (next[length - 1] ?? 0) + count
    return
  }
  next[length] = day
  next[length + 1] = author
  next[length + 2] = count
  cursor.length += RUN_NUMBERS
}

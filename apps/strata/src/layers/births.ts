import type { Hunks } from '../history/commit.ts'

/**
 * When each line of a file was born, from its first line to its last: pairs of a day and the
 * number of lines in a row that were born on it. Neighbours have different days.
 */
export type Births = Int32Array

/** A file without lines. */
export const NO_LINES: Births = new Int32Array()

/** A file whose lines were all born on one day. */
export function bornOn(day: number, lines: number): Births {
  return lines === 0 ? NO_LINES : Int32Array.of(day, lines)
}

/** The number of lines. */
export function countLines(births: Births): number {
  let lines = 0
  for (let i = 1; i < births.length; i += 2) lines += births[i] ?? 0
  return lines
}

/**
 * The births after a change: what a hunk takes away is gone, what it adds was born on `day`,
 * everything else keeps its birth. `undefined` when the hunks do not fit these lines.
 */
export function applyHunks(births: Births, hunks: Hunks, day: number): Births | undefined {
  // A hunk adds one run and may cut another in two: two more pairs, four numbers.
  const next = new Int32Array(births.length + hunks.length)
  const cursor = { births, next, run: 0, used: 0, length: 0 }
  let oldLine = 0
  let newLine = 0
  for (let i = 0; i < hunks.length; i += 4) {
    const [oldStart = 0, oldCount = 0, newStart = 0, newCount = 0] = hunks.slice(i, i + 4)
    // A side without lines names the line before it.
    const kept = (oldCount === 0 ? oldStart : oldStart - 1) - oldLine
    if (kept < 0 || newLine + kept !== (newCount === 0 ? newStart : newStart - 1)) return undefined
    if (!copyLines(cursor, kept) || !skipLines(cursor, oldCount)) return undefined
    append(cursor, day, newCount)
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
    const there = (births[cursor.run + 1] ?? 0) - cursor.used
    const taken = Math.min(there, left)
    if (keep) append(cursor, births[cursor.run] ?? 0, taken)
    left -= taken
    cursor.used += taken
    if (taken === there) {
      cursor.run += 2
      cursor.used = 0
    }
  }
  return true
}

function copyRest(cursor: Cursor): void {
  const { births } = cursor
  for (; cursor.run < births.length; cursor.run += 2) {
    append(cursor, births[cursor.run] ?? 0, (births[cursor.run + 1] ?? 0) - cursor.used)
    cursor.used = 0
  }
}

function append(cursor: Cursor, day: number, count: number): void {
  const { next, length } = cursor
  if (count === 0) return
  if (length > 0 && next[length - 2] === day) {
    next[length - 1] = (next[length - 1] ?? 0) + count
    return
  }
  next[length] = day
  next[length + 1] = count
  cursor.length += 2
}

import type { Paint } from './paint.ts'

/** Blocks of one eighth to seven eighths of a character. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar for a value, `width` characters long for the largest. What is not nothing is visible. */
export function bar(value: number, largest: number, width: number): string {
  if (value <= 0 || largest <= 0) return ''
  const eighths = Math.max(1, Math.round((8 * width * value) / largest))
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

/** What of a history is known from a checkpoint, what was read since, and what is left. */
export interface Stretch {
  readonly resumedFrom: number
  readonly position: number
  readonly total: number
}

/** A stretch as a bar of a fixed width. */
export function track(
  { resumedFrom, position, total }: Stretch,
  width: number,
  paint: Paint,
): string {
  const known = total === 0 ? 0 : Math.floor((width * resumedFrom) / total)
  const read = bar(position - resumedFrom, total - resumedFrom, width - known)
  const left = '·'.repeat(width - known - read.length)
  return paint.faint('─'.repeat(known)) + paint.age(read, 0.4) + paint.faint(left)
}

/**
 * Shares a width out to parts, largest remainder first, so that the shares add up to it.
 */
export function shares(parts: readonly number[], width: number): number[] {
  const whole = parts.reduce((sum, part) => sum + part, 0)
  if (whole === 0) return parts.map(() => 0)
  const exact = parts.map((part) => (part * width) / whole)
  const given = exact.map((share) => Math.floor(share))
  const left = width - given.reduce((sum, share) => sum + share, 0)
  const byRemainder = exact
    .map((share, index) => ({ index, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
  for (const { index } of byRemainder.slice(0, left)) given[index] = (given[index] ?? 0) + 1
  return given
}

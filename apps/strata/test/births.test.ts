import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyHunks, bornOn, countLines, NO_LINES, type Births } from '../src/layers/births.ts'

/** The plain model: one birth for each line, in a list. */
interface Step {
  readonly day: number
  /** For each hunk: lines to keep before it, lines to take away, lines to add. */
  readonly hunks: readonly (readonly [keep: number, remove: number, add: number])[]
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    day: fc.integer({ min: -3, max: 3 }),
    hunks: fc.array(fc.tuple(fc.nat(6), fc.nat(4), fc.nat(4)), { maxLength: 4 }),
  }),
  { maxLength: 12 },
)

describe('births of lines', () => {
  it('are those of a plain list of lines after any edits', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let births: Births = NO_LINES
        let model: number[] = []
        for (const { day, hunks } of all) {
          const { numbers, next } = editModel(model, hunks, day)
          births = applyHunks(births, numbers, day) ?? NO_LINES
          model = next
          expect(listed(births)).toEqual(model)
          expect(countLines(births)).toBe(model.length)
          expect(isCompact(births)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['past the end', [5, 1, 5, 1]],
    ['taking more than there is', [3, 2, 3, 0]],
    ['out of order', [3, 1, 3, 1, 1, 1, 1, 1]],
    ['at a new line that does not follow', [1, 1, 2, 1]],
  ])('refuse a hunk %s', (_, hunks) => {
    expect(applyHunks(bornOn(1, 3), hunks, 2)).toBeUndefined()
  })

  it('leave what they were made from as it was', () => {
    const before = bornOn(1, 3)
    applyHunks(before, [1, 1, 1, 2], 2)
    expect(listed(before)).toEqual([1, 1, 1])
  })
})

function editModel(
  lines: readonly number[],
  hunks: Step['hunks'],
  day: number,
): { numbers: number[]; next: number[] } {
  const numbers: number[] = []
  const next: number[] = []
  let at = 0
  for (const [keep, remove, add] of hunks) {
    const kept = Math.min(keep, lines.length - at)
    next.push(...lines.slice(at, at + kept))
    at += kept
    const removed = Math.min(remove, lines.length - at)
    // A side without lines names the line before it, as in a unified diff.
    numbers.push(removed === 0 ? at : at + 1, removed)
    numbers.push(add === 0 ? next.length : next.length + 1, add)
    at += removed
    next.push(...Array.from({ length: add }, () => day))
  }
  next.push(...lines.slice(at))
  return { numbers, next }
}

function listed(births: Births): number[] {
  const lines: number[] = []
  for (let i = 0; i < births.length; i += 2) {
    for (let line = 0; line < (births[i + 1] ?? 0); line += 1) lines.push(births[i] ?? 0)
  }
  return lines
}

function isCompact(births: Births): boolean {
  for (let i = 0; i < births.length; i += 2) {
    if ((births[i + 1] ?? 0) <= 0 || (i > 0 && births[i] === births[i - 2])) return false
  }
  return true
}

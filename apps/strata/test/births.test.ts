import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  applyHunks,
  countLines,
  NO_LINES,
  RUN_NUMBERS,
  type Birth,
  type Births,
} from '../src/layers/births.ts'
import { born, eachLine } from './support/states.ts'

/** The plain model: one birth for each line, in a list. */
interface Step {
  readonly day: number
  readonly author: number
  /** For each hunk: lines to keep before it, lines to take away, lines to add. */
  readonly hunks: readonly (readonly [keep: number, remove: number, add: number])[]
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    day: fc.integer({ min: -3, max: 3 }),
    author: fc.nat(2),
    hunks: fc.array(fc.tuple(fc.nat(6), fc.nat(4), fc.nat(4)), { maxLength: 4 }),
  }),
  { maxLength: 12 },
)

describe('births of lines', () => {
  it('are those of a plain list of lines after any edits', () => {
    fc.assert(
      fc.property(steps, (all) => {
        let births: Births = NO_LINES
        let model: Birth[] = []
        for (const { hunks, ...birth } of all) {
          const { numbers, next } = editModel(model, hunks, birth)
          births = applyHunks(births, numbers, birth) ?? NO_LINES
          model = next
          expect(eachLine(births)).toEqual(model)
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
    expect(applyHunks(born(1, 3), hunks, { day: 2, author: 1 })).toBeUndefined()
  })

  it('leave what they were made from as it was', () => {
    const before = born(1, 3)
    applyHunks(before, [1, 1, 1, 2], { day: 2, author: 1 })
    expect(before).toEqual(born(1, 3))
  })
})

function editModel(
  lines: readonly Birth[],
  hunks: Step['hunks'],
  birth: Birth,
): { numbers: number[]; next: Birth[] } {
  const numbers: number[] = []
  const next: Birth[] = []
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
    next.push(...Array.from({ length: add }, () => birth))
  }
  next.push(...lines.slice(at))
  return { numbers, next }
}

function isCompact(births: Births): boolean {
  for (let i = 0; i < births.length; i += RUN_NUMBERS) {
    const [day, author, lines = 0] = births.slice(i, i + RUN_NUMBERS)
    const isBefore = i > 0 && births[i - 3] === day && births[i - 2] === author
    if (lines <= 0 || isBefore) return false
  }
  return true
}

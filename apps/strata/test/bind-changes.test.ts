import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change } from '../src/history/commit.ts'
import {
  bindChanges,
  MAX_FILES_TOGETHER,
  MAX_PAIRS,
  PAIRS_KEPT,
} from '../src/layers/bind-changes.ts'
import { bondOf, newBond, noCoChanges, pairsOf, type CoChanges } from '../src/layers/co-changes.ts'

const UNCHANGED = { kind: 'hunks', hunks: [] } as const

function file(path: string, from: string | undefined = path): Change {
  return { kind: 'file', path, from, edit: UNCHANGED }
}

function gone(path: string): Change {
  return { kind: 'gone', path }
}

function files(count: number, prefix = 'f'): Change[] {
  return Array.from({ length: count }, (_, i) => file(`${prefix}${i}`))
}

/** All commits, from the first. */
function after(commits: readonly (readonly Change[])[]): CoChanges {
  const coChanges = noCoChanges()
  commits.forEach((changes, index) => bindChanges(coChanges, changes, index + 1))
  return coChanges
}

/** What a commit of the model does: edits and moves (`to`), and removals (no `to`). */
const names = ['a', 'b', 'c', 'd', 'e']
const deed = fc.record({ path: fc.constantFrom(...names), to: fc.constantFrom(...names, '') })
const history = fc.array(fc.uniqueArray(deed, { selector: ({ path }) => path }), { maxLength: 20 })

describe('co-changes', () => {
  it('are those of a plain model that numbers the files and looks at all commits', () => {
    fc.assert(
      fc.property(history, (deeds) => {
        let numbers = new Map<string, number>()
        let next = 0
        const together: Set<number>[] = []
        const commits = deeds.map((all) => {
          const moved = new Map(numbers)
          const kept = new Map<string, number>()
          const changes: Change[] = []
          for (const { path } of all) moved.delete(path)
          for (const { path, to } of all) {
            const isTaken = moved.has(to) || kept.has(to)
            if (to === '' || isTaken) {
              if (numbers.has(path)) changes.push(gone(path))
              continue
            }
            kept.set(to, numbers.get(path) ?? (next += 1))
            changes.push(
              numbers.has(path)
                ? file(to, path)
                : { kind: 'file', path: to, from: undefined, edit: UNCHANGED },
            )
            if (numbers.has(path) && to !== path) changes.push(gone(path))
          }
          numbers = new Map([...moved, ...kept])
          together.push(new Set(kept.values()))
          return changes
        })
        const coChanges = after(commits)
        let pairs = 0
        for (const [path, a] of numbers) {
          for (const [other, b] of numbers) {
            if (path === other) continue
            const at = together.flatMap((set, i) => (set.has(a) && set.has(b) ? [i + 1] : []))
            const last = at.at(-1)
            const bond = last === undefined ? undefined : newBond(at.length, last)
            expect(bondOf(coChanges, path, other)).toEqual(bond)
            if (bond !== undefined) pairs += 1
          }
        }
        expect(pairsOf(coChanges)).toHaveLength(pairs / 2)
        expect(coChanges.pairs).toBe(pairs / 2)
      }),
      { numRuns: 500 },
    )
  })

  it('two files that change places keep their bonds', () => {
    const coChanges = after([
      [file('a'), file('x')],
      [file('a', 'b'), file('b', 'a'), gone('a'), gone('b')],
    ])
    expect(bondOf(coChanges, 'b', 'x')).toEqual(newBond(1, 1))
    expect(bondOf(coChanges, 'a', 'x')).toBeUndefined()
  })

  it('a sweeping commit binds nothing, but still moves and ends', () => {
    const limit = files(MAX_FILES_TOGETHER)
    expect(after([limit]).pairs).toBe((MAX_FILES_TOGETHER * (MAX_FILES_TOGETHER - 1)) / 2)
    const coChanges = after([
      [file('a'), file('b'), file('c')],
      [...files(MAX_FILES_TOGETHER), file('moved', 'a'), gone('a'), gone('c')],
    ])
    expect(pairsOf(coChanges)).toEqual([['b', 'moved', newBond(1, 1)]])
  })

  it('are never more than the limit: the least often and longest ago together go first', () => {
    const often = [file('often0'), file('often1')]
    const perCommit = (MAX_FILES_TOGETHER * (MAX_FILES_TOGETHER - 1)) / 2
    const count = Math.ceil(MAX_PAIRS / perCommit)
    const rest = Array.from({ length: count }, (_, i) => files(MAX_FILES_TOGETHER, `${i}-`))
    const coChanges = after([often, often, ...rest])
    expect(coChanges.pairs).toBe(PAIRS_KEPT)
    expect(bondOf(coChanges, 'often0', 'often1')?.support).toBe(2)
    expect(bondOf(coChanges, '0-0', '0-1')).toBeUndefined()
    expect(bondOf(coChanges, `${count - 1}-0`, `${count - 1}-1`)).toBeDefined()
  })

  it('dropping depends on what is held, not on the order in which it came', () => {
    const count = Math.ceil(MAX_PAIRS / 435)
    const rest = Array.from({ length: count + 1 }, (_, i) => files(MAX_FILES_TOGETHER, `${i}-`))
    const sorted = (coChanges: CoChanges): string[] =>
      pairsOf(coChanges)
        .map((pair) => JSON.stringify(pair))
        .sort()
    const turned = rest.map((changes) => [...changes.slice(9), ...changes.slice(0, 9)])
    expect(sorted(after(turned))).toEqual(sorted(after(rest)))
  })
})

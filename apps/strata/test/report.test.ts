import { stripVTControlCharacters } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addAuthor } from '../src/layers/authors.ts'
import { bind, newBond } from '../src/layers/co-changes.ts'
import { showPath } from '../src/layers/show-path.ts'
import { emptyState, type SourceFile, type State } from '../src/layers/state.ts'
import { bar, shares } from '../src/report/bars.ts'
import { fitEnd, formatCount, formatDay, formatShare } from '../src/report/format.ts'
import { fittingUnit, layersOf } from '../src/report/layers.ts'
import { paint, wantsColours } from '../src/report/paint.ts'
import { renderReport } from '../src/report/render.ts'
import { reportOf } from '../src/report/report.ts'
import { born } from './support/states.ts'

const day = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 86_400_000

function stateWith(files: Readonly<Record<string, Partial<SourceFile>>>): State {
  const state = emptyState(undefined)
  const plain = { births: born(0, 1), binary: false, commits: 1, churn: 0 }
  for (const [path, file] of Object.entries(files)) state.files.set(path, { ...plain, ...file })
  return { ...state, position: 7, firstDay: day('2020-01-01'), lastDay: day('2021-06-01') }
}

describe('numbers and dates', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1 000'],
    [1_234_567, '1 234 567'],
  ])('%i is %s', (value, text) => expect(formatCount(value)).toBe(text))

  it('days are those of UTC, from year 0 to 9999', () => {
    expect(formatDay(0)).toBe('1970-01-01')
    expect(formatDay(-719_528)).toBe('0000-01-01')
    expect(formatDay(2_932_896)).toBe('9999-12-31')
  })

  it('a share that is little is not nothing', () => {
    expect(formatShare(1, 1000)).toBe('<1 %')
    expect(formatShare(0, 1000)).toBe('0 %')
    expect(formatShare(1, 3)).toBe('33 %')
  })

  it('a long path keeps its end', () => {
    expect(fitEnd('a/long/path/to/file.ts', 10)).toBe('…o/file.ts')
    expect(fitEnd('short', 10)).toBe('short')
  })
})

describe('layers', () => {
  it('gather days by year, quarter, month and day, in order', () => {
    const days = [day('2019-12-31'), day('2020-01-01'), day('2020-03-31'), day('2020-04-01')]
    const lines = days.map((each, index) => [each, index + 1] as const)
    const names = (unit: 'year' | 'quarter' | 'month' | 'day'): string[] =>
      layersOf(lines, unit).map(({ name, lines: count }) => `${name}:${count}`)
    expect(names('year')).toEqual(['2019:1', '2020:9'])
    expect(names('quarter')).toEqual(['2019-Q4:1', '2020-Q1:5', '2020-Q2:4'])
    expect(names('month')).toEqual(['2019-12:1', '2020-01:2', '2020-03:3', '2020-04:4'])
    expect(names('day')).toHaveLength(4)
  })

  it('take a unit that fits the time they span', () => {
    const span = (to: string): string =>
      fittingUnit([
        [day('2010-01-01'), 1],
        [day(to), 1],
      ])
    const ends = ['2010-01-20', '2010-09-01', '2012-01-01', '2024-01-01']
    expect(ends.map(span)).toEqual(['day', 'month', 'quarter', 'year'])
  })
})

describe('bars', () => {
  it('are as long as their share, and never invisible', () => {
    expect(bar(10, 10, 4)).toBe('████')
    expect(bar(5, 10, 5)).toBe('██▌')
    expect(bar(1, 100_000, 10)).toBe('▏')
    expect(bar(0, 10, 10)).toBe('')
  })

  it('shares fill the width exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1 }),
        fc.integer({ min: 1, max: 40 }),
        (parts, width) => {
          const given = shares(parts, width)
          const whole = parts.some((part) => part > 0) ? width : 0
          expect(given.reduce((sum, share) => sum + share, 0)).toBe(whole)
        },
      ),
    )
  })
})

describe('paths for people', () => {
  it.each([
    ['src/plain name.ts', 'src/plain name.ts'],
    ['caf\u00c3\u00a9', 'café'],
    ['new\nline', '"new\\nline"'],
    ['quo"te\\', '"quo\\"te\\\\"'],
    ['\u001b[31m', '"\\033[31m"'],
    ['\u00ff', '"\\377"'],
    // The same character as UTF-8, and as a byte that is none.
    ['\u00c2\u0085', '"\\302\\205"'],
    ['\u0085', '"\\205"'],
    // A character that turns the direction of what follows.
    ['\u00e2\u0080\u00aeabc', '"\\342\\200\\256abc"'],
  ])('%j is shown as %s', (path, shown) => expect(showPath(path)).toBe(shown))

  it('never look alike when they differ, and hold nothing that moves a cursor', () => {
    const path = fc
      .uint8Array({ minLength: 1, maxLength: 12 })
      .map((bytes) => String.fromCharCode(...bytes))
    fc.assert(
      fc.property(path, path, (a, b) => {
        if (a !== b) expect(showPath(a)).not.toBe(showPath(b))
        expect(showPath(a)).not.toMatch(/\p{Cc}/u)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the report', () => {
  it('has the hottest files first; a file that was only made is not hot', () => {
    const state = stateWith({
      big: { births: born(0, 1000), churn: 10 },
      hot: { births: born(0, 200), churn: 100 },
      imported: { births: born(0, 90_000), churn: 0 },
      tie: { births: born(0, 1000), churn: 10 },
    })
    expect(reportOf(state).hotspots.map(({ path }) => path)).toEqual(['hot', 'big', 'tie'])
  })

  it('says by when half of the lines were born', () => {
    const [early, late] = [day('2020-02-02'), day('2021-03-03')]
    const state = stateWith({
      a: { births: Int32Array.of(early, 0, 4, late, 0, 3) },
      b: { births: born(late, 1) },
    })
    expect(reportOf(state)).toMatchObject({ lines: 8, files: 2, medianDay: early })
  })

  it('has the owners of each directory of two levels, most lines first', () => {
    const births = Int32Array.of(1, 0, 1, 2, 1, 2)
    const state = stateWith({
      top: { births: born(0, 4) },
      'one/file': { births },
      'one/two/file': { births },
      'one/two/three/four': { births: Int32Array.of(0, 2, 9) },
      'one/empty/file': { births: born(0, 0) },
    })
    const names = ['Ada', 'Ben', '']
    names.forEach((name, number) => {
      addAuthor(state.authors, { number, name, email: `${number}@example.com` })
    })
    const told = reportOf(state).ownership.map(({ directory, lines, owners }) => {
      return [directory, lines, ...owners.map((owner) => `${owner.name}:${owner.lines}`)]
    })
    expect(told).toEqual([
      ['one/two', 12, ':9', 'Ben:2', 'Ada:1'],
      ['.', 4, 'Ada:4'],
      ['one', 3, 'Ben:2', 'Ada:1'],
    ])
    const text = renderReport(state, reportOf(state), { width: 80, paint: paint(false) })
    expect(text).toMatch(/one\/two .* 2@example\.com +75 %$/mu)
  })

  it('has the pairs that are together most often and most surely; twice is no habit', () => {
    const file = { commits: 10 }
    const state = stateWith({ a: file, b: file, c: { commits: 4 }, d: file })
    bind(state.coChanges, 'b', 'a', newBond(5, 1))
    bind(state.coChanges, 'd', 'c', newBond(4, 2))
    bind(state.coChanges, 'a', 'd', newBond(2, 3))
    expect(reportOf(state).filePairs).toEqual([
      { paths: ['c', 'd'], support: 4, confidence: 1 },
      { paths: ['a', 'b'], support: 5, confidence: 0.5 },
    ])
  })

  it.each([60, 88, 104])('keeps to a width of %i', (width) => {
    const path = `${'a-long-directory/'.repeat(9)}file.ts`
    const births = Int32Array.of(day('2019-01-01'), 0, 123_456, day('2024-01-01'), 1, 7)
    const state = stateWith({ [path]: { births, churn: 5, commits: 3 }, b: { commits: 9 } })
    bind(state.coChanges, path, 'b', newBond(3, 7))
    const name = 'A name that is longer than most of the names that people have'
    addAuthor(state.authors, { number: 0, name, email: 'a@example.com' })
    const text = renderReport(state, reportOf(state), { width, paint: paint(false) })
    for (const line of text.split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(width)
    expect(text).toContain('⋮')
    expect(text).toMatch(/…\S+ +b +3 +100 %$/mu)
    expect(text).toMatch(/A name that.*… +100 %$/mu)
  })

  it('is the same with colours as without, but for the colours and shades', () => {
    const births = Int32Array.of(day('2019-01-01'), 0, 50, day('2024-01-01'), 1, 50)
    const state = stateWith({ file: { births, churn: 5 } })
    const text = (colours: boolean): string =>
      renderReport(state, reportOf(state), { width: 80, paint: paint(colours) })
    const bare = stripVTControlCharacters(text(true))
    expect(bare).not.toBe(text(true))
    expect(bare.replace(/[█▓▒░]/gu, '#')).toBe(text(false).replace(/[█▓▒░]/gu, '#'))
  })
})

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { TERM: 'dumb' }, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('on a terminal: %s, with %j: %s', (isTerminal, environment, expected) => {
    expect(wantsColours(isTerminal, environment)).toBe(expected)
  })
})

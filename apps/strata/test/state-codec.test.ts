import { unwrap } from '@tidemark/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addAuthor, type Author, type Authors } from '../src/layers/authors.ts'
import { bind, bondOf, newBond, noCoChanges } from '../src/layers/co-changes.ts'
import { decodeState, digestOf, encodeState } from '../src/layers/state-codec.ts'
import type { SourceFile, State } from '../src/layers/state.ts'

const day = fc.integer({ min: -719_528, max: 2_932_896 })
/** A state has so many authors in these tests, at most. */
const AUTHORS = 3
const births = fc
  .array(fc.tuple(day, fc.nat(AUTHORS - 1), fc.integer({ min: 1, max: 2_000_000 })), {
    maxLength: 6,
  })
  .map((runs) => runs.filter(([d, a], i) => d !== runs[i - 1]?.[0] || a !== runs[i - 1]?.[1]))
  .map((runs) => Int32Array.from(runs.flat()))
const file: fc.Arbitrary<SourceFile> = fc.record({
  births,
  binary: fc.boolean(),
  commits: fc.nat(),
  churn: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
})
const authors = fc
  .array(fc.tuple(fc.string({ unit: 'grapheme-ascii' }), fc.constantFrom('', 'x@y')), {
    minLength: AUTHORS,
    maxLength: AUTHORS,
  })
  .map((all) => {
    const known: Authors = new Map<string, Author>()
    all.forEach(([name, email], number) => {
      addAuthor(known, { number, name: `${number}${name}`, email: email && `${number}${email}` })
    })
    return known
  })
/** One character per byte. */
const path = fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes))
const commit = fc.stringMatching(/^[0-9a-f]{40}$/u)
/** By index of the files; which bonds two files have only the first that names them says. */
const bonds = fc.array(
  fc.record({ a: fc.nat(), b: fc.nat(), support: fc.integer({ min: 1 }), last: fc.nat() }),
  { maxLength: 8 },
)
const unbound = fc.record({
  origin: fc.option(fc.record({ commit, cut: fc.boolean() }), { nil: undefined }),
  commit: fc.option(commit, { nil: undefined }),
  position: fc.integer({ min: 1 }),
  firstDay: day,
  lastDay: day,
  files: fc.array(fc.tuple(path, file), { maxLength: 8 }).map((files) => new Map(files)),
  authors,
})
const state: fc.Arbitrary<State> = fc.tuple(unbound, bonds).map(([before, all]) => {
  const coChanges = noCoChanges()
  const paths = [...before.files.keys()]
  for (const { a, b, support, last } of all) {
    const [path, other] = [paths.at(a % paths.length), paths.at(b % paths.length)]
    if (path === undefined || other === undefined || path === other) continue
    if (bondOf(coChanges, path, other) !== undefined) continue
    bind(coChanges, path, other, newBond(support, 1 + (last % before.position)))
  }
  return { ...before, coChanges }
})

describe('a state as bytes', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(state, (before) => {
        expect(unwrap(decodeState(encodeState(before)))).toEqual(before)
      }),
    )
  })

  it('has these very bytes; should they change, the version must rise', () => {
    const births = Int32Array.of(17_000, 0, 3, 16_999, 1, 200)
    const coChanges = noCoChanges()
    bind(coChanges, 'b', 'a', newBond(2, 299))
    const known: State = {
      origin: { commit: 'ab', cut: true },
      commit: 'cd',
      position: 300,
      firstDay: -1,
      lastDay: 17_000,
      files: new Map([
        ['b', { births, binary: false, commits: 2, churn: 5 }],
        ['a', { births: new Int32Array(), binary: true, commits: 1, churn: 0 }],
      ]),
      authors: new Map([
        ['e@f', { number: 0, name: 'E', email: 'e@f' }],
        ['G<>', { number: 1, name: 'G', email: '' }],
      ]),
      coChanges,
    }
    const hex = Array.from(encodeState(known), (byte) => byte.toString(16).padStart(2, '0'))
    expect(hex.join(' ')).toBe(
      [
        '02 02 02 61 62 02 63 64 ac 02 01 d0 89 02',
        '02 01 45 03 65 40 66 01 47 00',
        '02 01 61 01 01 00 00 01 62 00 02 05 02 d0 89 02 00 03 01 01 c8 01',
        '01 01 02 01 00',
      ].join(' '),
    )
  })

  it('is the same whatever the order in which files came', () => {
    fc.assert(
      fc.property(state, (before) => {
        const backwards = Array.from(before.files).sort(([a], [b]) => (a < b ? 1 : -1))
        const reversed = { ...before, files: new Map(backwards) }
        expect(digestOf(encodeState(reversed))).toBe(digestOf(encodeState(before)))
      }),
    )
  })

  it('has one form: bytes that are accepted come out again, all others are CORRUPTED', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(state, fc.array(change, { minLength: 1, maxLength: 3 }), (before, changes) => {
        const bytes = encodeState(before)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const decoded = decodeState(bytes)
        if (decoded.ok) expect(encodeState(decoded.value)).toEqual(bytes)
        else expect(['CORRUPTED', 'UNSUPPORTED_VERSION']).toContain(decoded.error.code)
      }),
      { numRuns: 1000 },
    )
  })

  it('is refused when cut short anywhere, or followed by anything', () => {
    fc.assert(
      fc.property(state, fc.nat(), (before, cut) => {
        const bytes = encodeState(before)
        expect(decodeState(bytes.slice(0, cut % bytes.length)).ok).toBe(false)
        expect(decodeState(Uint8Array.of(...bytes, 0)).ok).toBe(false)
      }),
    )
  })

  it('of another version is told apart from damage', () => {
    const decoded = decodeState(Uint8Array.of(9))
    expect(decoded.ok ? undefined : decoded.error.code).toBe('UNSUPPORTED_VERSION')
  })

  it.each([
    ['authors', [2, 0, 0, 1, 0, 0]],
    ['files', [2, 0, 0, 1, 0, 0, 0]],
    ['runs', [2, 0, 0, 1, 0, 0, 0, 1, 1, 0x61, 0, 1, 0]],
    ['bonds', [2, 0, 0, 1, 0, 0, 0, 1, 1, 0x61, 0, 1, 0, 0]],
  ])('that claims more %s than it holds is refused before room is made', (_, start) => {
    const decoded = decodeState(Uint8Array.of(...start, 0xff, 0xff, 0xff, 0xff, 0x7f))
    expect(decoded.ok ? undefined : decoded.error.message).toContain('it ends early')
  })

  it.each([
    ['a line of an unknown author', [0, 1, 1, 0x61, 0, 1, 0, 1, 0, 0, 1, 0]],
    ['an author twice', [2, 1, 0x41, 1, 0x65, 1, 0x42, 1, 0x65, 0]],
    ['a bond with itself', [0, 1, 1, 0x61, 0, 1, 0, 0, 1, 0, 1, 0]],
    ['a bond with no file', [0, 1, 1, 0x61, 0, 1, 0, 0, 1, 1, 1, 0]],
    ['a bond of no commit', [0, 2, 1, 0x61, 0, 1, 0, 0, 1, 0x62, 0, 1, 0, 0, 1, 1, 0, 0, 0]],
    ['a bond before all', [0, 2, 1, 0x61, 0, 1, 0, 0, 1, 0x62, 0, 1, 0, 0, 1, 1, 1, 1, 0]],
  ])('with %s is CORRUPTED', (_, rest) => {
    const decoded = decodeState(Uint8Array.of(2, 0, 0, 1, 0, 0, ...rest))
    expect(decoded.ok ? undefined : decoded.error.code).toBe('CORRUPTED')
  })
})

import { unwrap } from '@tidemark/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeState, digestOf, encodeState } from '../src/layers/state-codec.ts'
import type { SourceFile, State } from '../src/layers/state.ts'

const day = fc.integer({ min: -719_528, max: 2_932_896 })
const births = fc
  .array(fc.tuple(day, fc.integer({ min: 1, max: 2_000_000 })), { maxLength: 6 })
  .map((runs) => runs.filter(([d], i) => i === 0 || d !== runs[i - 1]?.[0]))
  .map((runs) => runs.filter(([d], i) => i === 0 || d !== runs[i - 1]?.[0]))
  .filter((runs) => runs.every(([d], i) => i === 0 || d !== runs[i - 1]?.[0]))
  .map((runs) => Int32Array.from(runs.flat()))
const file: fc.Arbitrary<SourceFile> = fc.record({
  births,
  binary: fc.boolean(),
  commits: fc.nat(),
  churn: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
})
/** One character per byte. */
const path = fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes))
const commit = fc.stringMatching(/^[0-9a-f]{40}$/u)
const state: fc.Arbitrary<State> = fc.record({
  origin: fc.option(fc.record({ commit, cut: fc.boolean() }), { nil: undefined }),
  commit: fc.option(commit, { nil: undefined }),
  position: fc.nat(),
  firstDay: day,
  lastDay: day,
  files: fc.array(fc.tuple(path, file), { maxLength: 8 }).map((files) => new Map(files)),
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
    const births = Int32Array.of(17_000, 3, 16_999, 200)
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
    }
    const hex = Array.from(encodeState(known), (byte) => byte.toString(16).padStart(2, '0'))
    expect(hex.join(' ')).toBe(
      '01 02 02 61 62 02 63 64 ac 02 01 d0 89 02 02 01 61 01 01 00 00 01 62 00 02 05 02 d0 89 02 03 01 c8 01',
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

  it('that claims more than it holds is refused before room is made for it', () => {
    const claim = [1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f]
    expect(decodeState(Uint8Array.from(claim)).ok).toBe(false)
  })
})

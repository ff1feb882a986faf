import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareNames, encodeName, isBlobKey } from '../src/index.ts'
import { decodeName, nameError } from '../src/storage/identifier.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

const anyName = fc.string({ unit: 'binary', minLength: 1, maxLength: 80 })

describe(`encoded names (seed ${SEED})`, () => {
  it('are those of the format', () => {
    const known = {
      checkpoint: 'n-checkpoint',
      Checkpoint: 'n-_43heckpoint',
      my_job: 'n-my_5fjob',
      '../etc/passwd': 'n-_2e_2e_2fetc_2fpasswd',
      con: 'n-con',
      é: 'n-_c3_a9',
      'e\u0301': 'n-e_cc_81',
      'x:y': 'n-x_3ay',
      ['a'.repeat(118)]: `n-${'a'.repeat(118)}`,
      ['a'.repeat(119)]: 'h-31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb',
    }
    for (const [name, encoded] of Object.entries(known)) expect(encodeName(name)).toBe(encoded)
  })

  it('are one segment of a key, differ when the names do, and are read back', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        const [x, y] = [encodeName(a), encodeName(b)]
        expect(isBlobKey(x) && !x.includes('/') && x.length <= 120).toBe(true)
        expect(x === y).toBe(a === b)
        expect(x.toLowerCase()).toBe(x)
        if (x.startsWith('n-')) expect(decodeName(x)).toBe(a)
        else expect(decodeName(x)).toBeUndefined()
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('are read back from nothing that is no encoding', () => {
    for (const text of ['', 'n', 'n-A', 'n-_', 'n-_4', 'n-_61', 'n-_zz', 'n-_ff', 'h-x', 'n-a.b']) {
      expect(decodeName(text), text).toBeUndefined()
    }
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const name = decodeName(`n-${text}`)
        if (name !== undefined) expect(encodeName(name)).toBe(`n-${text}`)
      }),
      { seed: SEED },
    )
  })

  it('keep the order of UTF-8 bytes when compared as names', () => {
    const utf8 = new TextEncoder()
    const bytewise = (a: string, b: string) => {
      const [x, y] = [utf8.encode(a), utf8.encode(b)]
      for (let i = 0; i < Math.min(x.length, y.length); i++) {
        const difference = (x[i] ?? 0) - (y[i] ?? 0)
        if (difference !== 0) return Math.sign(difference)
      }
      return Math.sign(x.length - y.length)
    }
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(Math.sign(compareNames(a, b))).toBe(bytewise(a, b))
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('are refused when empty, too long or malformed', () => {
    expect(nameError('key', '')?.details).toEqual({ what: 'key', reason: 'empty' })
    expect(nameError('key', 'x'.repeat(1025))?.details.reason).toBe('too-long')
    expect(nameError('key', 'é'.repeat(513))?.details.reason).toBe('too-long')
    expect(nameError('key', 'é'.repeat(512))).toBeUndefined()
    expect(nameError('key', 'a\ud800')?.details.reason).toBe('malformed')
  })
})

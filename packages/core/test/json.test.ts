import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unwrap } from '../src/index.ts'
import { decodeJson, encodeJson, isJsonObject } from '../src/storage/json.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

/** JSON values without what JSON would change. */
const anyJson = fc
  .jsonValue({ noUnicodeString: false })
  .map((value): unknown => JSON.parse(JSON.stringify(value).replaceAll('-0', '0')))

/** What JSON would change or drop, alone. */
const anyLoss: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, Number.NaN, Infinity, -Infinity, -0, '\ud800', 'a\udfff'),
  fc.bigInt(),
  fc.date(),
  fc.uint8Array(),
  fc.constant(null).map(() => Symbol('s')),
  fc.constant(null).map(() => () => 1),
  fc.constant(null).map(() => new Map([[1, 2]])),
  fc.constant(null).map(() => new Set([1])),
  fc.constant(null).map(() => /x/),
  fc.constant(null).map(() => ({ toJSON: () => 1 })),
  fc.constant(null).map(() => ({ [Symbol('key')]: 1 })),
  fc.constant(null).map(() => Object.assign([1], { named: 1 })),
  fc.constant(null).map(() => ({ __proto__: { __proto__: null } })),
)

/** A step into a value: a place in an array, or a key of an object. */
const anyStep = fc.oneof(fc.nat({ max: 3 }), fc.string({ unit: 'grapheme', maxLength: 6 }))

/** Puts a value at the end of a path, with good values beside it. */
function buried(path: readonly (number | string)[], value: unknown, beside: unknown): unknown {
  return path.reduceRight<unknown>((inner, step) => {
    if (typeof step === 'number') return [...Array.from({ length: step }, () => beside), inner]
    return Object.fromEntries([
      [`${step}!`, beside],
      [step, inner],
    ])
  }, value)
}

function pathOf(path: readonly (number | string)[]): string {
  return path.reduce<string>((text, step) => `${text}[${JSON.stringify(step)}]`, '$')
}

describe(`strict JSON (seed ${SEED})`, () => {
  it('gives back every JSON value', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(unwrap(decodeJson(unwrap(encodeJson(value)), 'it'))).toEqual(value)
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('refuses what would be lost, at its path, wherever it lies', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 5 }), anyLoss, anyJson, (path, value, beside) => {
        const encoded = encodeJson(buried(path, value, beside))
        expect(encoded.ok ? 'ok' : encoded.error.details.path).toBe(pathOf(path))
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('changes nothing in silence: what it accepts comes back the same, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything({ withMap: true, withSet: true, withDate: true }), (value) => {
        const encoded = encodeJson(value)
        if (!encoded.ok) return
        const back = unwrap(decodeJson(encoded.value, 'it'))
        expect(fc.stringify(back).replaceAll('__proto__:null,', '')).toBe(
          fc.stringify(value).replaceAll('__proto__:null,', '').replace('{__proto__:null}', '{}'),
        )
      }),
      { seed: SEED, numRuns: 1000 },
    )
  })

  it('says no to cycles, to what is too deep, and to two who share nothing wrong says yes', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = [cycle]
    expect(encodeJson(cycle)).toMatchObject({ error: { details: { path: '$["self"][0]' } } })
    const deep = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(encodeJson(deep(1000)).ok).toBe(true)
    expect(encodeJson(deep(1001)).ok).toBe(false)
    expect(encodeJson(deep(100_000)).ok).toBe(false)
    const shared = { x: 1 }
    expect(encodeJson([shared, shared]).ok).toBe(true)
  })

  it('decodes any bytes to a value or DECODE_FAILED, and never reaches a prototype', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (junk) => {
        const decoded = decodeJson(junk, 'it')
        if (!decoded.ok) expect(decoded.error.code).toBe('DECODE_FAILED')
      }),
      { seed: SEED, numRuns: 500 },
    )
    const deep = new TextEncoder().encode('['.repeat(200_000))
    expect(decodeJson(deep, 'it')).toMatchObject({ error: { code: 'DECODE_FAILED' } })
    const closed = new TextEncoder().encode(`${'['.repeat(5000)}${']'.repeat(5000)}`)
    expect(decodeJson(closed, 'it')).toMatchObject({ error: { code: 'DECODE_FAILED' } })
    const hostile = new TextEncoder().encode('{"__proto__":{"polluted":1}}')
    const decoded = unwrap(decodeJson(hostile, 'it'))
    expect(isJsonObject(decoded) && Object.keys(decoded)).toEqual(['__proto__'])
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})

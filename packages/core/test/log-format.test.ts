import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFloor, encodeFloor, MAX_KEPT } from '../src/log/floor.ts'
import { decodeFrame, encodeFrame, FRAME_OVERHEAD_BYTES, type Frame } from '../src/log/frame.ts'
import { floorKey, hintKey, recordKey, recordSeq } from '../src/log/log-keys.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  kind: fc.constantFrom('record', 'floor'),
  seq: fc.maxSafeNat(),
  epoch: fc.maxSafeNat(),
  nonce: bytes(16),
  predecessor: bytes(32),
  payload: fc.uint8Array({ maxLength: 200 }),
})

describe(`frames (seed ${SEED})`, () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const encoded = encodeFrame(frame)
        expect(encoded.length).toBe(FRAME_OVERHEAD_BYTES + frame.payload.length)
        expect(decodeFrame(frame.kind, encoded)).toMatchObject(frame)
      }),
      { seed: SEED },
    )
  })

  it('tell every flipped bit, every cut and every byte too many', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const encoded = encodeFrame(frame)
        for (let bit = 0; bit < encoded.length * 8; bit++) {
          const flipped = encoded.slice()
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          expect(decodeFrame(frame.kind, flipped), `bit ${bit}`).toHaveProperty('fault')
        }
        for (let length = 0; length < encoded.length; length++) {
          const cut = encoded.subarray(0, length)
          expect(decodeFrame(frame.kind, cut), `${length} bytes`).toHaveProperty('fault')
        }
        expect(decodeFrame(frame.kind, new Uint8Array([...encoded, 0]))).toHaveProperty('fault')
      }),
      { seed: SEED, numRuns: 8 },
    )
  })

  it('of the other kind are refused, and any bytes get an answer', () => {
    fc.assert(
      fc.property(anyFrame, fc.uint8Array({ maxLength: 400 }), (frame, junk) => {
        const other = frame.kind === 'record' ? 'floor' : 'record'
        expect(decodeFrame(other, encodeFrame(frame))).toHaveProperty('fault')
        expect(decodeFrame('record', junk)).toHaveProperty('fault')
      }),
      { seed: SEED },
    )
  })
})

describe(`floors (seed ${SEED})`, () => {
  const anyFloor = fc
    .tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.uniqueArray(fc.nat({ max: 1_000_000 })))
    .map(([before, some]) => {
      const keep = some.filter((n) => n > 0 && n < before).sort((a, b) => a - b)
      return { index: 3, before, keep }
    })

  it('come back as they were written', () => {
    fc.assert(
      fc.property(anyFloor, (floor) => {
        expect(decodeFloor(3, encodeFloor(floor))).toEqual(floor)
      }),
      { seed: SEED },
    )
  })

  it('that make no sense are none', () => {
    const numbers = (...all: number[]) =>
      encodeFloor({ index: 1, before: all[0] ?? 0, keep: all.slice(1) })
    for (const payload of [
      new Uint8Array(),
      new Uint8Array(7),
      new Uint8Array(9),
      numbers(0),
      numbers(5, 5),
      numbers(5, 6),
      numbers(5, 3, 2),
      numbers(5, 2, 2),
      numbers(5, 0),
      new Uint8Array(8).fill(255),
      new Uint8Array(8 * (MAX_KEPT + 2)),
    ]) {
      expect(decodeFloor(1, payload)).toBeUndefined()
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (junk) => {
        const floor = decodeFloor(1, junk)
        if (floor !== undefined) expect(encodeFloor(floor)).toEqual(junk)
      }),
      { seed: SEED },
    )
  })
})

describe('keys of a log', () => {
  it('are those of the format', () => {
    expect(
      [1, 2, 1024, 1025, 1026, 2048, 2049, 100_000].map((n) => recordKey('log/x.', n)),
    ).toEqual([
      'log/x.r1',
      'log/x.r2',
      'log/x.r1024',
      'log/x.r1025/1025',
      'log/x.r1025/1026',
      'log/x.r1025/2048',
      'log/x.r2049/2049',
      'log/x.r99329/100000',
    ])
    expect([floorKey('log/x.', 7), hintKey('log/x.')]).toEqual(['log/x.f7', 'log/x.hint'])
  })

  it('are read back as the numbers they stand for, and nothing else is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (seq) => {
        expect(recordSeq('log/x.', recordKey('log/x.', seq))).toBe(seq)
      }),
      { seed: SEED },
    )
    for (const key of ['r0', 'r01', 'r1025', 'r1/1', 'r1025/1', 'f1', 'hint', 'r-1', 'r', 'r1.5']) {
      expect(recordSeq('log/x.', `log/x.${key}`), key).toBeUndefined()
    }
  })
})

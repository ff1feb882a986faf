import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '#digest'
import { unwrap } from '../src/index.ts'
import {
  decodeFloor,
  encodeFloor,
  MAX_KEPT,
  NO_FLOOR,
  planFloor,
  type Floor,
} from '../src/log/floor.ts'
import {
  decodeFrame,
  encodeFrame,
  equalBytes,
  FRAME_OVERHEAD_BYTES,
  type Frame,
} from '../src/log/frame.ts'
import { lastExisting } from '../src/log/last-existing.ts'
import { floorKey, hintKey, recordKey, recordSeq } from '../src/log/log-keys.ts'
import { recordOf } from '../src/log/log-record.ts'
import { ok } from '../src/result/result.ts'
import { frameOf } from '../src/testing/commit-log/commit-log-case.ts'

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

/** A record whose bytes were changed by somebody who knows how to compute its digest. */
function resealed(change: (view: DataView) => void): Uint8Array {
  const bytes = frameOf(7)
  const end = bytes.length - 32
  change(new DataView(bytes.buffer))
  bytes.set(sha256(bytes.subarray(0, end)), end)
  return bytes
}

describe('a frame that is none', () => {
  it('says what is wrong with it', () => {
    const contradiction = 'its header contradicts itself'
    const unsafe = 2n ** 53n
    const spoilt: [Uint8Array, string][] = [
      [frameOf(7).subarray(0, FRAME_OVERHEAD_BYTES - 1), 'too short for a record'],
      [resealed((view) => view.setUint8(0, 0)), 'not a record'],
      [frameOf(7).fill(0, 80, 81), 'its digest does not match'],
      [resealed((view) => view.setUint8(4, 0)), contradiction],
      [resealed((view) => view.setBigUint64(8, unsafe)), contradiction],
      [resealed((view) => view.setBigUint64(16, unsafe)), contradiction],
      [resealed((view) => view.setUint32(72, 1)), contradiction],
    ]
    for (const [bytes, fault] of spoilt) expect(decodeFrame('record', bytes)).toEqual({ fault })
    expect(
      decodeFrame(
        'record',
        resealed((view) => view.setUint8(4, 9)),
      ),
    ).toEqual({
      fault: 'written by version 9',
      version: 9,
    })
  })

  it('is told from one that is by every byte, and by the length', () => {
    const bytes = (...all: number[]) => new Uint8Array(all)
    expect(equalBytes(bytes(1, 2), bytes(1, 2))).toBe(true)
    expect(equalBytes(bytes(1, 2), bytes(1, 3))).toBe(false)
    expect(equalBytes(bytes(1), bytes(1, 2))).toBe(false)
  })
})

describe('the next floor', () => {
  const newest = (seq: number, epoch = 0) => {
    const nothing = { nonce: new Uint8Array(), predecessor: new Uint8Array() }
    const payload = new Uint8Array()
    return recordOf({ kind: 'record', seq, epoch, digest: '', payload, ...nothing })
  }
  const floor = (before: number, ...keep: number[]): Floor => ({ index: 3, before, keep })

  it('keeps what lies below it, in order, and no number twice', () => {
    const plan = unwrap(planFloor(NO_FLOOR, newest(9, 4), 8, [5, 9, 2, 8, 5, 4]))
    expect(plan).toEqual({ floor: { index: 1, before: 8, keep: [2, 4, 5] }, freed: [1, 3, 6, 7] })
  })

  it('may give up what the one before kept, at the same place', () => {
    const plan = unwrap(planFloor(floor(8, 2, 5), newest(9), 8, [5]))
    expect(plan).toEqual({ floor: { index: 4, before: 8, keep: [5] }, freed: [2] })
  })

  it('may stand at the first record, where it frees nothing', () => {
    expect(unwrap(planFloor(NO_FLOOR, newest(9), 1, [])).freed).toEqual([])
  })

  it('is refused with the argument that is wrong, and why', () => {
    for (const before of [0, 10, 1.5]) {
      const details = { argument: 'before', reason: 'it is a record up to the newest, 9' }
      expect(planFloor(NO_FLOOR, newest(9), before, [])).toMatchObject({
        error: { code: 'INVALID_ARGUMENT', details },
      })
    }
    for (const keep of [0, -1, 1.5, 3]) {
      const details = { argument: 'keep', reason: 'it names a record that is truncated already' }
      expect(planFloor(floor(4), newest(9), 8, [keep])).toMatchObject({
        error: { code: 'INVALID_ARGUMENT', details },
      })
    }
  })

  it('keeps so many records and not one more', () => {
    const keep = Array.from({ length: MAX_KEPT + 1 }, (_, i) => i + 1)
    const before = MAX_KEPT + 2
    const most = unwrap(planFloor(NO_FLOOR, newest(before), before, keep.slice(1)))
    expect(most.freed).toEqual([1])
    expect(decodeFloor(1, encodeFloor(most.floor))).toEqual(most.floor)
    const details = { limit: 'keep', maximum: MAX_KEPT, actual: MAX_KEPT + 1 }
    expect(planFloor(NO_FLOOR, newest(before), before, keep)).toMatchObject({
      error: { code: 'LIMIT_EXCEEDED', details },
    })
    expect(decodeFloor(1, encodeFloor({ index: 1, before, keep }))).toBeUndefined()
  })
})

describe('the last of a run of numbers', () => {
  it('is found, wherever one begins to look, in twice as many steps as it has bits', async () => {
    for (const last of [0, 1, 2, 3, 7, 8, 100, 1025]) {
      for (const known of [0, 1, 5, last]) {
        if (known > last) continue
        let asked = 0
        const exists = async (n: number) => {
          asked += 1
          return ok(n <= last)
        }
        expect(unwrap(await lastExisting(known, exists))).toBe(last)
        expect(asked).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(last - known + 2)))
      }
    }
  })

  it('is a number even when there is no end to them', async () => {
    const found = unwrap(await lastExisting(0, async () => ok(true)))
    expect(Number.isSafeInteger(found)).toBe(true)
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
      new Uint8Array([...numbers(5), 0]),
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
    expect(recordSeq('log/9.', 'log/9.r1025/1030')).toBe(1030)
    for (const key of [
      'r9007199254740993',
      'r7x',
      'r0',
      'r01',
      'r1025',
      'r1/1',
      'r1025/1',
      'f1',
      'hint',
      'r-1',
      'r',
      'r1.5',
    ]) {
      expect(recordSeq('log/x.', `log/x.${key}`), key).toBeUndefined()
    }
  })
})

import { err, ok, sha256, toHex, unwrap, type ByteCheckpoint, type EntryInfo } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { keyRing } from '../src/index.ts'
import type { Layer, SealedFacts } from '../src/layer.ts'
import { damaged } from '../src/refusal.ts'
import { keyedSeal } from '../src/seal/keyed-seal.ts'
import { decodeAttachment, encodeAttachment, type EntryRecord } from '../src/stack/attachment.ts'
import {
  countPieces,
  PIECE_BYTES,
  PieceDigests,
  verifiedPieces,
} from '../src/stack/piece-digests.ts'
import { Pipeline } from '../src/stack/pipeline.ts'
import { openCheckpoint, sealCheckpoint } from '../src/stack/seals.ts'
import { key, ringOf } from './support/media.ts'

const EMPTY = new Uint8Array()

const FACTS: SealedFacts = {
  identifier: 'job',
  generation: 3,
  committedAtMs: 1000,
  born: 1,
  previous: 'ab'.repeat(32),
  place: 'here',
  metadata: { by: 'me' },
  layers: [{ id: 'hmac', version: 1 }],
  entries: [{ key: 'a', codec: 'json', sizeBytes: 2, digests: sha256(EMPTY), salt: EMPTY }],
}

describe('a keyed seal', () => {
  const [first, second] = [key('k1', 1), key('k2', 2)]
  const options = { layer: 'hmac', purpose: 'seal', namespace: 'ns' }
  const old = keyedSeal({ ...options, ring: ringOf() })
  const rotated = unwrap(keyRing({ active: second, decryptOnly: [first] }))
  const retired = unwrap(keyRing({ active: second, revoked: ['k1'] }))

  it('names its key, and is good for whoever still has it', () => {
    const seal = old.seal(FACTS)
    expect(seal).toMatchObject({ key: 'k1' })
    expect(seal['tag']).toMatch(/^[0-9a-f]{64}$/)
    expect(old.verify(FACTS, seal)).toEqual(ok())
    expect(keyedSeal({ ...options, ring: rotated }).verify(FACTS, seal)).toEqual(ok())
    expect(keyedSeal({ ...options, ring: rotated }).seal(FACTS)).toMatchObject({ key: 'k2' })
    const refused = keyedSeal({ ...options, ring: retired }).verify(FACTS, seal)
    const details = { keyId: 'k1', reason: 'revoked', layer: 'hmac' }
    expect(refused).toMatchObject({ error: { code: 'UNKNOWN_KEY', details } })
  })

  it('is no seal of anything else, nor of another purpose, place of names or key', () => {
    const seal = old.seal(FACTS)
    const refused = { what: 'checkpoint', identifier: 'job', layer: 'hmac' }
    const reason = 'its seal does not match'
    const failure = { code: 'AUTHENTICATION_FAILED', details: { ...refused, reason } }
    expect(old.verify({ ...FACTS, generation: 4 }, seal)).toMatchObject({ error: failure })
    for (const other of [{ purpose: 'other' }, { namespace: 'other' }, { ring: ringOf('k1', 9) }]) {
      const verified = keyedSeal({ ...options, ring: ringOf(), ...other }).verify(FACTS, seal)
      expect(verified).toMatchObject({ error: failure })
    }
    for (const tag of ['', 'no hex', '00'.repeat(33)]) {
      expect(old.verify(FACTS, { ...seal, tag })).toMatchObject({ error: failure })
    }
  })

  it('that is not there, or is no seal at all, is refused as such', () => {
    const seal = old.seal(FACTS)
    const details = { identifier: 'job', layer: 'hmac', reason: 'it has no seal' }
    for (const none of [{}, { key: 'k1' }, { ...seal, key: 7 }, { ...seal, tag: null }]) {
      const failure = { error: { code: 'AUTHENTICATION_FAILED', details } }
      expect(old.verify(FACTS, none)).toMatchObject(failure)
    }
  })
})

/** A layer that seals with a word, notes what it was given, and says yes or no. */
function witness(id: string, word: string | undefined, seen: unknown[], refusal?: string): Layer {
  return {
    kind: 'checksum',
    id,
    version: 1,
    ...(word === undefined ? {} : { seal: () => ({ word }) }),
    verify: (facts, seal) => {
      seen.push([id, facts, seal])
      return refusal === undefined ? ok() : err(damaged(id, { identifier: 'job' }, refusal))
    },
  }
}

const INFOS: readonly EntryInfo[] = [
  { key: 'a', codec: 'json', sizeBytes: 2 },
  { key: 'b', codec: 'bytes', sizeBytes: 3 },
]
const RECORDS = new Map<string, EntryRecord>([
  ['a', { sizeBytes: 2, salt: new Uint8Array([1]), digests: sha256(EMPTY) }],
  ['b', { sizeBytes: 3, salt: new Uint8Array([2]), digests: sha256(new Uint8Array([1])) }],
])

/** A checkpoint as it lies there, with something about it changed. */
function checkpoint(pipeline: Pipeline, change: Partial<ByteCheckpoint> = {}): ByteCheckpoint {
  const facts = {
    identifier: 'job',
    generation: 3,
    committedAt: new Date(1000),
    born: 1,
    metadata: { by: 'me' },
    place: 'here',
  }
  const previous = 'ab'.repeat(32)
  const attachment = sealCheckpoint(pipeline, { ...facts, previous }, INFOS, RECORDS)
  return {
    ...facts,
    digest: '',
    attachment: encodeAttachment(attachment),
    entries: () => INFOS,
    entry: async () => {
      throw new Error('nothing is read before the seals are checked')
    },
    close: async () => undefined,
    ...change,
  }
}

describe('a checkpoint under layers', () => {
  it('is opened with what was known of each entry, after each layer has seen all of it', () => {
    const seen: unknown[] = []
    const layers = [witness('one', 'w1', seen), witness('two', undefined, seen)]
    const pipeline = new Pipeline(layers)
    const opened = unwrap(openCheckpoint(pipeline, checkpoint(pipeline)))
    expect(opened).toEqual({ records: RECORDS, seals: { one: { word: 'w1' } } })
    const entries = INFOS.map((info) => ({ ...info, ...RECORDS.get(info.key) }))
    const names = layers.map(({ id, version }) => ({ id, version }))
    const facts = { ...FACTS, layers: names, entries }
    expect(seen).toMatchObject([
      ['two', facts, {}],
      ['one', facts, { word: 'w1' }],
    ])
  })

  it('is refused by the outermost layer that refuses, and no other is asked', () => {
    const seen: unknown[] = []
    const refusing = new Pipeline([witness('one', 'w', seen), witness('two', 'w', seen, 'no')])
    const opened = openCheckpoint(refusing, checkpoint(refusing))
    expect(opened).toMatchObject({ error: { code: 'CORRUPTED', details: { reason: 'no' } } })
    expect(seen).toHaveLength(1)
  })

  it('that was committed without layers, or with others, is a mismatch', () => {
    const pipeline = new Pipeline([witness('one', 'w', [])])
    const other = new Pipeline([witness('other', 'w', [])])
    const { attachment } = checkpoint(other)
    for (const change of [{ attachment: undefined }, { attachment }]) {
      const opened = openCheckpoint(pipeline, checkpoint(pipeline, change))
      expect(opened).toMatchObject({ error: { code: 'STACK_MISMATCH' } })
    }
  })

  it('of which anything makes no sense is refused with what it is', () => {
    const pipeline = new Pipeline([witness('one', 'w', [])])
    const senseless = 'its fields make no sense'
    const cases: [Partial<ByteCheckpoint>, string][] = [
      [{ attachment: {} }, 'what its layers attached makes no sense'],
      [{ place: 'elsewhere' }, 'it belongs to another place'],
      [{ place: undefined }, 'it belongs to another place'],
      [{ committedAt: new Date(Number.NaN) }, senseless],
      [{ generation: -1 }, senseless],
      [{ born: 1.5 }, senseless],
      [{ entries: () => INFOS.slice(1) }, 'entries are missing'],
    ]
    for (const [change, reason] of cases) {
      const opened = openCheckpoint(pipeline, checkpoint(pipeline, change))
      const details = { identifier: 'job', reason }
      expect(opened).toMatchObject({ error: { code: 'CORRUPTED', details } })
    }
    for (const change of [{ generation: 0 }, { born: 0 }, { committedAt: new Date(0) }]) {
      expect(openCheckpoint(pipeline, checkpoint(pipeline, change)).ok).toBe(true)
    }
  })

  it('without a place is sealed as having none, and an entry nobody passed as unknown', () => {
    const pipeline = new Pipeline([witness('one', 'w', [])])
    const committedAt = new Date(0)
    const facts = { identifier: 'a', generation: 1, born: 1, metadata: {}, committedAt }
    const bare = { ...facts, place: undefined, previous: undefined }
    const attachment = sealCheckpoint(pipeline, bare, INFOS, new Map())
    expect(attachment.place).toBe('')
    const unknown = { sizeBytes: 0, salt: EMPTY, digests: EMPTY }
    expect(attachment.entries).toEqual([unknown, unknown])
    expect(decodeAttachment(encodeAttachment(attachment))).toMatchObject({ previous: undefined })
  })
})

async function* streamOf(...parts: Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts
}

async function gather(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hashes: string[] = []
  for await (const piece of stream) hashes.push(toHex(sha256(piece)))
  return hashes.join()
}

const BIG = new Uint8Array(PIECE_BYTES * 2 + 5).map((_, i) => (i * 7) % 251)
const PIECES = [0, 1, 2].map((i) => BIG.slice(i * PIECE_BYTES, (i + 1) * PIECE_BYTES))

/** The digests of a stream, one after the other in hex. */
async function digestsOf(...parts: Uint8Array[]): Promise<Uint8Array> {
  const digests = new PieceDigests()
  for await (const part of digests.of(streamOf(...parts))) expect(part.length).toBeGreaterThan(0)
  return digests.all
}

describe('digests of pieces', () => {
  it('are of a mebibyte each, however the stream was cut; of nothing there is one', async () => {
    const expected = PIECES.map((piece) => toHex(sha256(piece))).join('')
    expect(toHex(await digestsOf(BIG))).toBe(expected)
    const cuts = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 9, BIG.length]
    const parts = cuts.slice(1).map((end, i) => BIG.slice(cuts[i], end))
    expect(toHex(await digestsOf(...parts))).toBe(expected)
    const whole = BIG.slice(0, PIECE_BYTES)
    expect(toHex(await digestsOf(whole))).toBe(toHex(sha256(whole)))
    expect(toHex(await digestsOf())).toBe(toHex(sha256(EMPTY)))
    expect([0, 1, PIECE_BYTES, PIECE_BYTES + 1].map(countPieces)).toEqual([1, 1, 1, 2])
  })

  it('let pass what has them, from any piece on', async () => {
    const digests = await digestsOf(BIG)
    const refused = (reason: string): Error => new Error(reason)
    const all = await gather(verifiedPieces(streamOf(BIG), digests, 0, 3, refused))
    expect(all).toBe(PIECES.map((piece) => toHex(sha256(piece))).join())
    const rest = streamOf(...PIECES.slice(1))
    const some = await gather(verifiedPieces(rest, digests, 1, 3, refused))
    expect(some.split(',')).toHaveLength(2)
    const none = await digestsOf()
    expect(await gather(verifiedPieces(streamOf(), none, 0, 1, refused))).toBe('')
  })

  it('stop what is changed, cut, longer or out of order, before any of that piece is out', async () => {
    const digests = await digestsOf(BIG)
    const [one = EMPTY, two = EMPTY, three = EMPTY] = PIECES
    const flipped = two.slice()
    flipped[9] = 1 ^ (flipped[9] ?? 0)
    const refused = (reason: string): Error => new Error(reason)
    const cases: [Uint8Array[], string, number][] = [
      [[one, flipped, three], 'piece 1 has another digest', 1],
      [[two, one, three], 'piece 0 has another digest', 0],
      [[one, two], 'pieces are missing', 2],
      [[one, two, three.slice(1)], 'piece 2 has another digest', 2],
      [[BIG, one], 'piece 2 has another digest', 2],
      [[], 'pieces are missing', 0],
    ]
    for (const [parts, reason, passed] of cases) {
      let out = 0
      const read = async (): Promise<void> => {
        for await (const piece of verifiedPieces(streamOf(...parts), digests, 0, 3, refused)) {
          out += piece.length > 0 ? 1 : 0
        }
      }
      await expect(read()).rejects.toThrow(reason)
      expect(out).toBe(passed)
    }
    const nothing = await digestsOf()
    const missing = gather(verifiedPieces(streamOf(), sha256(one), 0, 1, refused))
    await expect(missing).rejects.toThrow('pieces are missing')
    const more = gather(verifiedPieces(streamOf(), nothing, 0, 2, refused))
    await expect(more).rejects.toThrow('pieces are missing')
    const later = gather(verifiedPieces(streamOf(), nothing, 1, 1, refused))
    expect(await later).toBe('')
  })
})

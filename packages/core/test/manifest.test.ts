import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeName, unwrap } from '../src/index.ts'
import { decodeManifest, encodeManifest, type Manifest } from '../src/storage/manifest.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((some) => [...some].map((byte) => byte.toString(16).padStart(2, '0')).join(''))

const anyName = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })

const anyBlob = anyName.map((name) => `blob/${encodeName(name)}/7.0a1b.2`)

const anyEntry = fc.oneof(
  fc.record({ codec: anyName, bytes: fc.uint8Array({ maxLength: 30 }) }),
  fc.record({ codec: anyName, blob: anyBlob, pieces: fc.array(hex(32), { maxLength: 3 }) }),
)

const anyManifest: fc.Arbitrary<Manifest> = fc
  .record({
    identifier: anyName,
    committedAtMs: fc.nat({ max: 8.64e15 }),
    born: fc.integer({ min: 1, max: 1_000_000 }),
    attachment: fc.option(fc.dictionary(anyName, anyName), { nil: undefined }),
    keys: fc.uniqueArray(anyName, { maxLength: 5 }),
    entries: fc.array(anyEntry, { minLength: 5, maxLength: 5 }),
  })
  .map(({ keys, entries, ...rest }) => ({
    ...rest,
    metadata: {},
    entries: keys.map((key, i) => {
      const entry = entries[i] ?? { codec: 'bytes', bytes: new Uint8Array() }
      return 'bytes' in entry
        ? { key, codec: entry.codec, sizeBytes: entry.bytes.length, at: { bytes: entry.bytes } }
        : { key, codec: entry.codec, sizeBytes: 7, at: { blob: entry.blob, pieces: entry.pieces } }
    }),
  }))

/** A payload with another JSON in it. */
function payloadOf(json: unknown, inside: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(json))
  const payload = new Uint8Array(4 + text.length + inside.length)
  new DataView(payload.buffer).setUint32(0, text.length)
  payload.set(text, 4)
  payload.set(inside, 4 + text.length)
  return payload
}

describe(`manifests (seed ${SEED})`, () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(anyManifest, (manifest) => {
        const payload = unwrap(encodeManifest(manifest))
        expect(unwrap(decodeManifest(payload, manifest.identifier))).toEqual(manifest)
      }),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('that name anything but a staged blob are damage', () => {
    const entry = { key: 'x', codec: 'bytes', size: 1, pieces: '' }
    const manifest = { format: 1, identifier: 'a', committedAtMs: 0, born: 1, metadata: {} }
    for (const blob of ['storage.json', '../x', 'log/n-a.r1', 'blob/x/1.a', '', 'blob/n-a/1.']) {
      const decoded = decodeManifest(payloadOf({ ...manifest, entries: [{ ...entry, blob }] }), 'a')
      expect(decoded.ok ? 'ok' : decoded.error.code).toBe('CORRUPTED')
    }
  })

  it('of a time that no date holds are damage', () => {
    const manifest = { format: 1, identifier: 'a', born: 1, metadata: {}, entries: [] }
    for (const [committedAtMs, expected] of [
      [8.64e15, 'ok'],
      [8.64e15 + 1, 'CORRUPTED'],
      [-1, 'CORRUPTED'],
    ]) {
      const decoded = decodeManifest(payloadOf({ ...manifest, committedAtMs }), 'a')
      expect(decoded.ok ? 'ok' : decoded.error.code).toBe(expected)
    }
  })

  it('of another identifier are damage', () => {
    fc.assert(
      fc.property(anyManifest, (manifest) => {
        const payload = unwrap(encodeManifest(manifest))
        const other = decodeManifest(payload, `${manifest.identifier}.`)
        expect(other).toMatchObject({ error: { code: 'CORRUPTED' } })
      }),
      { seed: SEED },
    )
  })

  it('that were changed give the same, a typed error, or other values, and nothing else', () => {
    fc.assert(
      fc.property(anyManifest, fc.nat(), fc.nat({ max: 255 }), (manifest, at, byte) => {
        const payload = unwrap(encodeManifest(manifest)).slice()
        payload[at % payload.length] = byte
        const decoded = decodeManifest(payload, undefined)
        if (!decoded.ok) {
          expect(['CORRUPTED', 'UNSUPPORTED_VERSION']).toContain(decoded.error.code)
        }
        const cut = decodeManifest(payload.subarray(0, at % payload.length), undefined)
        expect(cut.ok).toBe(false)
      }),
      { seed: SEED, numRuns: 1000 },
    )
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it('made of any JSON give a typed error or a manifest that makes sense', () => {
    const fields = fc.record(
      {
        format: fc.oneof(fc.constant(1), fc.jsonValue()),
        identifier: fc.oneof(fc.constant('a'), fc.jsonValue()),
        committedAtMs: fc.oneof(fc.nat(), fc.jsonValue()),
        born: fc.oneof(fc.constant(1), fc.jsonValue()),
        metadata: fc.oneof(fc.constant({}), fc.jsonValue()),
        entries: fc.oneof(
          fc.array(
            fc.record(
              {
                key: fc.oneof(fc.constantFrom('x', '__proto__'), fc.jsonValue()),
                codec: fc.oneof(fc.constant('json'), fc.jsonValue()),
                size: fc.oneof(fc.nat({ max: 5 }), fc.jsonValue()),
                blob: fc.oneof(fc.constant('blob/x'), fc.jsonValue()),
                pieces: fc.oneof(hex(32), fc.jsonValue()),
              },
              { requiredKeys: [] },
            ),
            { maxLength: 3 },
          ),
          fc.jsonValue(),
        ),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 6 }), (json, inside) => {
        const decoded = decodeManifest(payloadOf(json, inside), undefined)
        if (!decoded.ok) {
          expect(['CORRUPTED', 'UNSUPPORTED_VERSION']).toContain(decoded.error.code)
          return
        }
        for (const { sizeBytes, at } of decoded.value.entries) {
          if ('bytes' in at) expect(at.bytes.length).toBe(sizeBytes)
        }
        const again = unwrap(encodeManifest(decoded.value))
        expect(unwrap(decodeManifest(again, undefined))).toEqual(decoded.value)
      }),
      { seed: SEED, numRuns: 2000 },
    )
  })

  it('of a newer format are UNSUPPORTED_VERSION', () => {
    const newer = decodeManifest(payloadOf({ format: 2 }), 'a')
    expect(newer).toMatchObject({ error: { code: 'UNSUPPORTED_VERSION', details: { found: 2 } } })
  })
})

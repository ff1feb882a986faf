import { unwrap, type Result } from '@tidemark/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createManifest,
  decodeManifest,
  encodeManifest,
  inlineDigest,
  inlineState,
  placeState,
  validateManifest,
} from '../src/index.ts'
import { decodeInlineState, externalState } from '../src/manifest/operator-checkpoint.ts'
import { ChecksumVerifier } from '../src/manifest/state-checksum.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const codeOf = (result: Result<unknown, { code: string }>) => (result.ok ? 'ok' : result.error.code)
const minimal = '"version":1,"checkpoint_id":1,"epoch":2,"timestamp_ms":3'

describe('a manifest in its file', () => {
  it('has the names, the order and the form of the original', () => {
    const manifest = createManifest({
      checkpointId: 1,
      epoch: 2,
      timestampMs: 3,
      sourceOffsets: { s: { offsets: { 'partition-0': '1234' } } },
      sinkCommitStatuses: { a: 'pending', b: { failed: 'é' }, c: 'committed' },
      operatorStates: { op: inlineState(utf8('x')) },
      pipelineHash: 16_045_690_984_835_258_932n,
    })
    const lines = new TextDecoder().decode(unwrap(encodeManifest(manifest, 'pretty'))).split('\n')
    expect(lines.slice(0, -2).join('\n')).toMatchSnapshot()
    expect(lines.at(-2)).toMatch(/^ {2}"ss_digest": "[0-9a-f]{64}"$/)
    expect(lines.at(-1)).toBe('}')
  })

  it('needs four fields; the others have the defaults of the original', () => {
    const { manifest, manifestDigest } = unwrap(decodeManifest(utf8(`{${minimal}}`)))
    const expected = createManifest({ checkpointId: 1, epoch: 2, timestampMs: 3, vnodeCount: 0 })
    expect(manifest).toEqual(expected)
    expect(manifestDigest).toBe('absent')
    for (const field of minimal.split(',')) {
      const without = minimal.replace(field, '"x":0')
      expect(codeOf(decodeManifest(utf8(`{${without}}`))), field).toBe('CORRUPTED')
    }
  })

  it('passes over fields that it does not know, and those of older versions', () => {
    const older = '"wal_position":1,"inflight_data":{"a":[{"input_id":1}]},"is_incremental":true'
    expect(codeOf(decodeManifest(utf8(`{${minimal},${older}}`)))).toBe('ok')
  })

  it('is the same after a round trip, whatever it holds', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 8 })
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    const named = <T>(value: fc.Arbitrary<T>) =>
      fc.array(fc.tuple(fc.oneof(name, fc.constant('__proto__')), value), { maxLength: 4 })
    const manifests = fc.record({
      checkpointId: u64,
      epoch: u64,
      timestampMs: u64,
      watermark: i64,
      pipelineHash: u64,
      offsets: named(name),
      epochs: named(u64),
      watermarks: named(i64),
    })
    fc.assert(
      fc.property(manifests, fc.constantFrom('pretty' as const, 'compact' as const), (m, form) => {
        const manifest = createManifest({
          ...m,
          sourceOffsets: new Map([['s', { offsets: new Map(m.offsets), epoch: m.epoch }]]),
          sinkEpochs: new Map(m.epochs),
          sourceWatermarks: new Map(m.watermarks),
        })
        const encoded = unwrap(encodeManifest(manifest, form))
        expect(unwrap(decodeManifest(encoded)).manifest).toEqual(manifest)
      }),
      { seed: 7, numRuns: 200 },
    )
  })
})

describe('a hostile manifest', () => {
  const whole = unwrap(
    encodeManifest(
      createManifest({ checkpointId: 1, epoch: 1, sourceOffsets: { s: { offsets: { p: '1' } } } }),
      'pretty',
    ),
  )

  it.each([
    ['empty', ''],
    ['no object', '[]'],
    ['a number', '1'],
    ['a key twice', `{${minimal},"epoch":3}`],
    ['a key twice, one of them escaped', `{${minimal},"\\u0065poch":3}`],
    ['a fraction for an id', `{${minimal.replace('"epoch":2', '"epoch":2.5')}}`],
    ['an exponent for an id', `{${minimal.replace('"epoch":2', '"epoch":2e0')}}`],
    ['a negative id', `{${minimal.replace('"epoch":2', '"epoch":-1')}}`],
    ['an id of 65 bits', `{${minimal.replace('"epoch":2', '"epoch":18446744073709551616')}}`],
    ['a partition count of 17 bits', `{${minimal},"vnode_count":65536}`],
    ['a watermark of 65 bits', `{${minimal},"watermark":9223372036854775808}`],
    ['null for a map', `{${minimal},"source_offsets":null}`],
    ['a status of no kind', `{${minimal},"sink_commit_statuses":{"a":"Done"}}`],
    ['a status of two kinds', `{${minimal},"sink_commit_statuses":{"a":{"Failed":"x","b":"y"}}}`],
    ['a position without offsets', `{${minimal},"source_offsets":{"a":{"epoch":1}}}`],
    ['something after the end', `{${minimal}} x`],
    ['a comma too many', `{${minimal},}`],
    ['a comment', `{${minimal}/**/}`],
    ['a leading zero', `{${minimal.replace('"epoch":2', '"epoch":02')}}`],
    ['half a character', `{${minimal},"source_names":["\\ud800"]}`],
    ['a control character in a string', `{${minimal},"source_names":["\u0001"]}`],
    ['a million digits', `{${minimal},"watermark":${'9'.repeat(1_000_000)}}`],
    ['a byte order mark', `\ufeff{${minimal}}`],
  ])('with %s is corrupt', (_, text) => {
    expect(codeOf(decodeManifest(utf8(text)))).toBe('CORRUPTED')
  })

  it('cut at any byte is corrupt', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(decodeManifest(whole.subarray(0, length)))).toBe('CORRUPTED')
    }
  })

  it('filled with NUL, or no UTF-8, is corrupt', () => {
    expect(codeOf(decodeManifest(new Uint8Array(whole.length)))).toBe('CORRUPTED')
    expect(codeOf(decodeManifest(new Uint8Array([0xff, 0xfe, 0xfd])))).toBe('CORRUPTED')
  })

  it('with any byte changed is corrupt, or says the same', () => {
    const original = unwrap(decodeManifest(whole)).manifest
    for (let at = 0; at < whole.length; at++) {
      const changed = whole.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      const decoded = decodeManifest(changed)
      if (!decoded.ok) continue
      // White space, the digest's own name, the name of a field that is as if it were missing.
      expect(decoded.value.manifest).toEqual(original)
    }
  })

  it('of a newer version is refused as such', () => {
    const newer = `{${minimal.replace('"version":1', '"version":2')}}`
    expect(codeOf(decodeManifest(utf8(newer)))).toBe('UNSUPPORTED_VERSION')
  })

  it.each([
    ['a hundred million levels', () => new Uint8Array(60_000_000).fill(0x5b)],
    [
      'a million keys',
      () => utf8(`{${Array.from({ length: 1e6 }, (_, i) => `"k${i}":0`).join()}}`),
    ],
    ['more bytes than are read', () => new Uint8Array(64 * 1024 * 1024 + 1).fill(0x20)],
  ])('of %s is refused within bounds', (_, make) => {
    const bytes = make()
    const before = process.memoryUsage().rss
    expect(codeOf(decodeManifest(bytes))).toBe('LIMIT_EXCEEDED')
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
  })

  it('leaves the prototypes of everything alone', () => {
    const text = `{${minimal},"source_names":[],"__proto__":{"polluted":1},"source_offsets":{"__proto__":{"offsets":{"constructor":"x"},"epoch":1}}}`
    const { manifest } = unwrap(decodeManifest(utf8(text)))
    expect(manifest.sourceOffsets.get('__proto__')?.offsets.get('constructor')).toBe('x')
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(Object.getPrototypeOf(manifest)).toBe(Object.prototype)
  })
})

describe('the checksum', () => {
  const manifest = (operatorStates: Parameters<typeof createManifest>[0]['operatorStates']) =>
    createManifest({ checkpointId: 1, epoch: 1, ...(operatorStates && { operatorStates }) })

  it('sorts operators by the bytes of their names', () => {
    const states = { é: '1', z: '2', '\u{1f600}': '3', '\uffee': '4' }
    const operators = Object.entries(states).map(
      ([name, text]) => [name, inlineState(utf8(text))] as const,
    )
    expect(inlineDigest(manifest(new Map(operators)))).toBe(
      'ff82ba065041e4470a65c0b468d61268b00b40a51508922874ce82ec41fadf61',
    )
  })

  it('does not tell empty from absent inline state, as the original does not', () => {
    const expected = 'c1705de212e623bb395c476dcf48b48f3b32b0ffcc60e35d3aac32daca2d2ae5'
    const absent = { ...inlineState(new Uint8Array()), stateB64: undefined }
    expect(inlineDigest(manifest({ op: inlineState(new Uint8Array()) }))).toBe(expected)
    expect(inlineDigest(manifest({ op: absent }))).toBe(expected)
  })

  it('of state alone is over its bytes', () => {
    const stateChecksum = 'fa39a27740f026b8df7f33e1fcfaeab07af52816d12f8d28f3df5b252f12242d'
    const verifier = new ChecksumVerifier({ ...manifest({}), stateChecksum })
    verifier.update(utf8('state-data-'))
    verifier.update(utf8('for-checksum'))
    expect(verifier.finish(true)).toEqual({ rule: 'state' })
  })

  it('of mixed state is accepted by the newer rule and by the older one', () => {
    const operators = {
      small: inlineState(new Uint8Array(50).fill(0xaa)),
      large: externalState(0n, 200n),
    }
    const checksums = {
      mixed: '54b4e2f45cdb2f635b44fd03f7226a841b3da889b9b78ad7c79727b4cb226d08',
      seed: 'd1a53106685130ccbf2c6426529f263030d39456f8b9dadd6a36872b70d513b5',
    }
    for (const [rule, stateChecksum] of Object.entries(checksums)) {
      const verifier = new ChecksumVerifier({ ...manifest(operators), stateChecksum })
      verifier.update(new Uint8Array(200).fill(0xbb))
      expect(verifier.finish(true)).toEqual({ rule })
    }
  })
})

describe('the state of an operator', () => {
  it('goes inline up to the threshold, and beside it from one byte more', () => {
    expect(placeState(new Uint8Array(100), 7n, 100)).toMatchObject({ stateBytes: undefined })
    const placed = placeState(new Uint8Array(101), 7n, 100)
    expect(placed.operator).toEqual(externalState(7n, 101n))
    expect(placed.stateBytes?.length).toBe(101)
    expect(placeState(new Uint8Array(), 0n, 100).operator.stateB64).toBe('')
  })

  it('that is no base64 is told from state that is absent', () => {
    const state = inlineState(utf8('abc'))
    expect(unwrap(decodeInlineState(state))).toEqual(utf8('abc'))
    expect(unwrap(decodeInlineState(externalState(0n, 1n)))).toBeUndefined()
    expect(decodeInlineState({ ...state, stateB64: '????' }).ok).toBe(false)
    const issues = validateManifest(
      createManifest({
        checkpointId: 1,
        epoch: 1,
        operatorStates: { op: { ...state, stateB64: '?' } },
      }),
      { vnodeCount: 256 },
    )
    expect(issues).toMatchObject([{ severity: 'fatal' }])
  })
})

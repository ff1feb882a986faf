import { unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import { withByte } from './support/harness.ts'
import { hash } from '#hash'
import { hash as portableHash, hashStream as portableStream } from '../src/hash/portable.ts'
import { hash as nodeHash, hashStream as nodeStream } from '../src/hash/node.ts'
import { toHex } from '../src/bytes/bytes.ts'
import {
  chunkMetadataFromJson,
  chunkMetadataToJson,
  getCheckpointsRequestFromJson,
  getCheckpointsRequestToJson,
  metadataFromJson,
  metadataToJson,
  rootFromJson,
  rootToJson,
} from '../src/record/json.ts'
import {
  decodeChunkMetadata,
  decodeGetCheckpointsRequest,
  decodeMetadata,
  encodeChunkMetadata,
  encodedHash,
  encodeGetCheckpointsRequest,
  encodeMetadata,
  getChunkMetadata,
  validateMetadata,
} from '../src/record/metadata.ts'
import { testNamespace } from '../src/record/namespace.ts'
import { decodeRoot, encodedRootHash, encodeRoot } from '../src/record/root.ts'
import { decodeWriteLog, encodeWriteLog } from '../src/record/write-log.ts'
import { EMPTY_HASH } from '../src/tree/node.ts'
import { base64, hex, stream, vectors } from './support/vectors.ts'

interface Types {
  readonly emptyHash: string
  readonly namespaces: readonly {
    readonly testSeedUtf8: string
    readonly isKeyManager: boolean
    readonly namespaceHex: string
  }[]
  readonly roots: readonly {
    readonly cbor: string
    readonly encodedHash: string
    readonly goJson: string
    readonly ns: string
    readonly hash: string
    readonly root_type: number
    readonly version: string
  }[]
  readonly metadata: readonly {
    readonly name: string
    readonly cbor: string
    readonly chunks: readonly string[] | null
    readonly encodedHash: string
    readonly goJson: string
    readonly lastChunkMetadataCbor?: string
    readonly rootCbor: string
    readonly validate: string
    readonly version: number
  }[]
  readonly getCheckpointsRequests: readonly {
    readonly cbor: string
    readonly namespace: string
    readonly version: number
    readonly root_version?: number
  }[]
  readonly writeLogs: readonly {
    readonly cbor: string
    readonly entries: readonly (readonly [string, string | null])[]
  }[]
  readonly metadataDecode: readonly {
    readonly name: string
    readonly cbor: string
    readonly oasisAccepts: boolean
    readonly reencodesIdentically?: boolean
  }[]
}

const types = vectors<Types>('types.json')

describe('hash', () => {
  test('nothing hashes as the original says', () => {
    expect(toHex(EMPTY_HASH)).toBe(types.emptyHash)
  })
  test('the platform and the portable code agree, whole and in pieces', () => {
    for (let length = 0; length < 400; length += 7) {
      const bytes = stream('hash', length)
      const [a, b] = [nodeStream(), portableStream()]
      for (const part of [bytes.subarray(0, length / 2), bytes.subarray(length / 2)]) {
        a.update(part)
        b.update(part)
      }
      const expected = portableHash(bytes)
      expect([nodeHash(bytes), hash(bytes), a.digest(), b.digest()]).toEqual(
        Array.from({ length: 4 }, () => expected),
      )
    }
  })
})

test('test namespaces are made of their seeds', () => {
  for (const { testSeedUtf8, isKeyManager, namespaceHex } of types.namespaces) {
    expect(toHex(testNamespace(testSeedUtf8, { keyManager: isKeyManager }))).toBe(namespaceHex)
  }
})

describe('roots', () => {
  test.each(types.roots.map((c) => [c.version, c] as const))('version %s', (_, c) => {
    const root = {
      namespace: hex(c.ns),
      version: BigInt(c.version),
      type: c.root_type,
      hash: hex(c.hash),
    }
    expect(toHex(encodeRoot(root))).toBe(c.cbor)
    expect(toHex(encodedRootHash(root))).toBe(c.encodedHash)
    expect(unwrap(decodeRoot(hex(c.cbor)))).toEqual(root)
    expect(rootToJson(root)).toBe(c.goJson)
    expect(unwrap(rootFromJson(c.goJson))).toEqual(root)
  })
})

describe('metadata', () => {
  test.each(types.metadata.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const metadata = {
      version: c.version,
      root: unwrap(decodeRoot(hex(c.rootCbor))),
      chunks: (c.chunks ?? []).map(hex),
    }
    expect(toHex(encodeMetadata(metadata))).toBe(c.cbor)
    expect(toHex(encodedHash(metadata))).toBe(c.encodedHash)
    expect(unwrap(decodeMetadata(hex(c.cbor)))).toEqual(metadata)
    expect(metadataToJson(metadata)).toBe(c.goJson)
    expect(unwrap(metadataFromJson(c.goJson))).toEqual(metadata)
    const valid = validateMetadata(metadata)
    expect(valid.ok ? 'ok' : valid.error.details.reason).toBe(c.validate)
    if (c.lastChunkMetadataCbor === undefined) return
    const chunk = unwrap(getChunkMetadata(metadata, metadata.chunks.length - 1))
    expect(toHex(encodeChunkMetadata(chunk))).toBe(c.lastChunkMetadataCbor)
    expect(unwrap(decodeChunkMetadata(hex(c.lastChunkMetadataCbor)))).toEqual(chunk)
    expect(unwrap(chunkMetadataFromJson(chunkMetadataToJson(chunk)))).toEqual(chunk)
    const past = getChunkMetadata(metadata, metadata.chunks.length)
    expect(past.ok ? 0 : past.error.details.upstream.code).toBe(2)
  })

  test.each(types.metadataDecode.map((c) => [c.name, c] as const))('decoding: %s', (_, c) => {
    expect(decodeMetadata(hex(c.cbor), { strict: false }).ok).toBe(c.oasisAccepts)
    expect(decodeMetadata(hex(c.cbor)).ok).toBe(c.reencodesIdentically ?? false)
  })
})

test('requests for checkpoints', () => {
  for (const c of types.getCheckpointsRequests) {
    const { version, root_version: rootVersion } = c
    const request = {
      version,
      namespace: hex(c.namespace),
      ...(rootVersion === undefined ? {} : { rootVersion: BigInt(rootVersion) }),
    }
    expect(toHex(encodeGetCheckpointsRequest(request))).toBe(c.cbor)
    expect(unwrap(decodeGetCheckpointsRequest(hex(c.cbor)))).toEqual(request)
    const json = getCheckpointsRequestToJson(request)
    expect(unwrap(getCheckpointsRequestFromJson(json))).toEqual(request)
  }
})

test('write logs', () => {
  for (const c of types.writeLogs) {
    const log = c.entries.map(([key, value]) => ({
      key: base64(key),
      value: value === null ? undefined : base64(value),
    }))
    expect(toHex(encodeWriteLog(log))).toBe(c.cbor)
    expect(unwrap(decodeWriteLog(hex(c.cbor)))).toEqual(log)
  }
})

test('records from outside never throw: every byte of a good one changed, cut or repeated', () => {
  const good = hex(types.metadata[1]?.cbor ?? '')
  for (let i = 0; i < good.length; i++) {
    for (const byte of [0x00, 0x1f, 0x3b, 0x5b, 0x7f, 0x80, 0x9a, 0xbb, 0xc0, 0xf6, 0xff]) {
      const changed = withByte(good, i, byte)
      const isSame = byte === good[i]
      expect(decodeMetadata(changed).ok && isSame).toBe(isSame)
      const lenient = decodeMetadata(changed, { strict: false })
      expect(lenient.ok || lenient.error.code === 'MALFORMED').toBe(true)
    }
    expect(decodeMetadata(good.subarray(0, i), { strict: false }).ok).toBe(false)
  }
  expect(decodeMetadata(new Uint8Array(1000).fill(0x81)).ok).toBe(false)
  expect(metadataFromJson('{"__proto__":{"version":1}}').ok).toBe(false)
})

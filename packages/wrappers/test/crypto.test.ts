import { concat, fromHex, hkdfSha256, hmacSha256, sha256, toHex } from '@tidemark/core'
import { Buffer } from 'node:buffer'
import { webcrypto } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChunkCipher } from '../src/cipher/cipher.ts'
import { chunkCipher as node } from '../src/cipher/node.ts'
import { nobleCipher } from '../src/cipher/noble.ts'
import { webCipher } from '../src/cipher/web.ts'
import { blockCompressor as nodeDeflate } from '../src/deflate/node.ts'
import { blockCompressor as webDeflate } from '../src/deflate/portable.ts'
import { firstSealedMessage } from '../src/seal/sealed-message.ts'

const CIPHERS: Readonly<Record<string, ChunkCipher>> = {
  node,
  noble: nobleCipher,
  web: webCipher(webcrypto.subtle),
}

function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new Error(`not hex: ${text}`)
  return bytes
}

const PLAIN =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'
const SECRET =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad'
const KEY = 'feffe9928665731c6d6a8f9467308308'.repeat(2)
const IV = 'cafebabefacedbaddecaf888'

/** Test cases 13 to 16 of the specification submitted to NIST: key, IV, associated, plain, sealed. */
const GCM: readonly (readonly [string, string, string, string, string])[] = [
  ['00'.repeat(32), '00'.repeat(12), '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
  [
    '00'.repeat(32),
    '00'.repeat(12),
    '',
    '00'.repeat(16),
    'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
  ],
  [KEY, IV, '', PLAIN, `${SECRET}b094dac5d93471bdec1a502270e3cc6c`],
  [
    KEY,
    IV,
    'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    PLAIN.slice(0, 120),
    `${SECRET.slice(0, 120)}76fc6ece0f4e1768cddf8853bb2d551b`,
  ],
]

describe.each(Object.entries(CIPHERS))('the %s cipher', (_, cipher) => {
  it('gives the examples of the GCM specification, both ways', async () => {
    for (const [key, nonce, associated, plain, sealed] of GCM) {
      const under = { key: hex(key), nonce: hex(nonce), associated: hex(associated) }
      expect(toHex(concat(await cipher.encrypt({ ...under, bytes: hex(plain) })))).toBe(sealed)
      const opened = await cipher.decrypt({ ...under, bytes: hex(sealed) })
      expect(toHex(opened ?? new Uint8Array([255]))).toBe(plain)
    }
  })

  it('refuses every single changed bit, and every length that is cut', async () => {
    const [key, nonce, associated, , sealed] = GCM[3] ?? ['', '', '', '', '']
    const under = { key: hex(key), nonce: hex(nonce), associated: hex(associated) }
    const whole = hex(sealed)
    for (let bit = 0; bit < whole.length * 8; bit += 3) {
      const bytes = whole.slice()
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await cipher.decrypt({ ...under, bytes })).toBeUndefined()
    }
    for (let length = 0; length < whole.length; length++) {
      expect(await cipher.decrypt({ ...under, bytes: whole.slice(0, length) })).toBeUndefined()
    }
    const other = { ...under, associated: new Uint8Array(3) }
    expect(await cipher.decrypt({ ...other, bytes: whole })).toBeUndefined()
  })
})

it('all ciphers give the same bytes', async () => {
  const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const any = fc.uint8Array({ maxLength: 300 })
  await fc.assert(
    fc.asyncProperty(bytesOf(32), bytesOf(12), any, any, async (key, nonce, associated, bytes) => {
      const sealed = new Set<string>()
      for (const cipher of Object.values(CIPHERS)) {
        sealed.add(toHex(concat(await cipher.encrypt({ key, nonce, associated, bytes }))))
      }
      expect(sealed.size).toBe(1)
    }),
  )
})

describe.each(Object.entries({ node: nodeDeflate, web: webDeflate }))(
  'the %s compressor',
  (_, compressor) => {
    it.each(['gzip', 'deflate'] as const)('shrinks and expands %s blocks', async (format) => {
      expect(compressor.has(format)).toBe(true)
      for (const length of [0, 1, 1000, 2 ** 20]) {
        const block = new Uint8Array(length).fill(7)
        const small = await compressor.shrink(format, block)
        for (const other of [nodeDeflate, webDeflate]) {
          const expanded = await other.expand(format, small, length)
          expect(Buffer.compare(expanded ?? new Uint8Array([1]), block)).toBe(0)
        }
        if (length > 0) expect(await compressor.expand(format, small, length - 1)).toBeUndefined()
      }
    })

    it.each(['gzip', 'deflate'] as const)('rejects what is no %s block', async (format) => {
      const small = await compressor.shrink(format, new Uint8Array(1000))
      for (const bad of [new Uint8Array(), new Uint8Array(50), small.slice(0, -3)]) {
        await expect(compressor.expand(format, bad, 1000)).rejects.toThrow(Error)
      }
    })
  },
)

it('the sealed message begins as published: its known answer', () => {
  const entry = (key: string, codec: string, byte: number) => ({
    key,
    codec,
    sizeBytes: 1,
    digests: sha256(new Uint8Array([byte])),
  })
  const message = firstSealedMessage(
    {
      identifier: 'id',
      generation: 1,
      previous: undefined,
      metadata: {},
      entries: [entry('a', 'json', 0x31), entry('b', 'bytes', 0xff)],
    },
    'ns',
    'k1',
  )
  expect(message.length).toBe(221)
  expect(toHex(sha256(message))).toBe(
    'd673b09d33d4a1f4dca297840c81e9cb0280adf515ce5eac641bf0f4823d78d4',
  )
  const master = Uint8Array.from({ length: 32 }, (_, i) => i)
  const info = new TextEncoder().encode('ckpt/mac/v1')
  const subKey = hkdfSha256(master, new Uint8Array(), info, 32)
  expect(toHex(subKey)).toBe('ad8cdc9cb07013e915222ce094c0e5f0172d99ac0d6ed99357dc7d0cae5d05c7')
  expect(toHex(hmacSha256(subKey, message))).toBe(
    'caf2a2c3ae5d2404056156e352cfaa74f984264f30e83e9557627f0f8345e155',
  )
})

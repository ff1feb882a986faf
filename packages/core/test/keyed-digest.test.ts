import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../src/digest/hex.ts'
import * as node from '../src/digest/node.ts'
import * as portable from '../src/digest/portable.ts'

const utf8 = new TextEncoder()
const ramp = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i)
const repeat = (byte: number, times: number): Uint8Array => new Uint8Array(times).fill(byte)

/** RFC 4231, section 4: key, data, HMAC-SHA-256 (the fifth is cut to 128 bits there). */
const HMAC: readonly (readonly [Uint8Array, Uint8Array, string])[] = [
  [
    repeat(0x0b, 20),
    utf8.encode('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    utf8.encode('Jefe'),
    utf8.encode('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    repeat(0xaa, 20),
    repeat(0xdd, 50),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    ramp(1, 25),
    repeat(0xcd, 50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [repeat(0x0c, 20), utf8.encode('Test With Truncation'), 'a3b6167473100ee06e0c796c2955552b'],
  [
    repeat(0xaa, 131),
    utf8.encode('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    repeat(0xaa, 131),
    utf8.encode(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
]

/** RFC 5869, appendix A: secret, salt, info, output. */
const HKDF: readonly (readonly [Uint8Array, Uint8Array, Uint8Array, string])[] = [
  [
    repeat(0x0b, 22),
    ramp(0, 0x0c),
    ramp(0xf0, 0xf9),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  ],
  [
    ramp(0, 0x4f),
    ramp(0x60, 0xaf),
    ramp(0xb0, 0xff),
    'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c' +
      '59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71' +
      'cc30c58179ec3e87c14c01d5c1f3434f1d87',
  ],
  [
    repeat(0x0b, 22),
    new Uint8Array(),
    new Uint8Array(),
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  ],
]

describe.each(Object.entries({ node, portable }))('the %s keyed digest', (_, digest) => {
  it('gives the examples of RFC 4231', () => {
    for (const [key, data, tag] of HMAC) {
      expect(toHex(digest.hmacSha256(key, data)).slice(0, tag.length)).toBe(tag)
    }
  })

  it('gives the examples of RFC 5869', () => {
    for (const [secret, salt, info, output] of HKDF) {
      const length = fromHex(output)?.length ?? 0
      expect(toHex(digest.hkdfSha256(secret, salt, info, length))).toBe(output)
    }
  })

  it('finds tags equal only when every byte is, and all of them are there', () => {
    const tag = ramp(1, 32)
    expect(digest.equalTags(tag, tag.slice())).toBe(true)
    for (let i = 0; i < 32; i++) {
      const other = tag.slice()
      other[i] = 0
      expect(digest.equalTags(tag, other)).toBe(false)
      expect(digest.equalTags(tag, tag.slice(0, i))).toBe(false)
    }
  })
})

it('both forms agree on any keys, salts, infos and data', () => {
  const any = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(any, any, any, fc.integer({ min: 1, max: 200 }), (secret, salt, info, length) => {
      expect(toHex(node.hmacSha256(secret, info))).toBe(toHex(portable.hmacSha256(secret, info)))
      expect(toHex(node.hkdfSha256(secret, salt, info, length))).toBe(
        toHex(portable.hkdfSha256(secret, salt, info, length)),
      )
    }),
  )
})

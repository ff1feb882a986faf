import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../src/digest/hex.ts'
import * as node from '../src/digest/node.ts'
import * as portable from '../src/digest/portable.ts'

const FORMS = { node, portable }

describe.each(Object.entries(FORMS))('the %s digest', (_, digest) => {
  it('gives the examples of FIPS 180-4', () => {
    const abc = digest.sha256(new TextEncoder().encode('abc'))
    expect(toHex(abc)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    const none = digest.sha256(new Uint8Array())
    expect(toHex(none)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  it('gives as many random bytes as are asked for, not the same twice', () => {
    for (const length of [0, 1, 16, 4096, 200_000]) {
      expect(digest.randomBytes(length)).toHaveLength(length)
    }
    const drawn = Array.from({ length: 1000 }, () => toHex(digest.randomBytes(16)))
    expect(new Set(drawn).size).toBe(1000)
  })
})

it('both forms agree on any bytes, in any pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (pieces) => {
      const streams = [node.sha256Stream(), portable.sha256Stream()]
      for (const piece of pieces) for (const stream of streams) stream.update(piece)
      const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]))
      const digests = [
        ...streams.map((s) => s.digest()),
        node.sha256(whole),
        portable.sha256(whole),
      ]
      expect(new Set(digests.map(toHex)).size).toBe(1)
    }),
  )
})

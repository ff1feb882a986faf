import { ok } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { blockCompressor } from '../src/deflate/node.ts'
import { checksum, compress, encrypt, hmac, type Layer } from '../src/index.ts'
import { layerContract } from '../src/testing/index.ts'
import { ringOf } from './support/media.ts'

const ring = ringOf()
const LAYERS: Readonly<Record<string, () => Layer>> = {
  gzip: () => compress(),
  deflate: () => compress({ format: 'deflate' }),
  ...(blockCompressor.has('zstd') ? { zstd: () => compress({ format: 'zstd' }) } : {}),
  encrypt: () => encrypt(ring),
  checksum: () => checksum(),
  hmac: () => hmac(ring),
}

for (const [title, layer] of Object.entries(LAYERS)) {
  describe(`the layer ${title}`, () => {
    for (const { name, run } of layerContract({ layer })) it(name, run)
  })
}

async function broken(layer: Layer): Promise<string[]> {
  const failed: string[] = []
  for (const { name, run } of layerContract({ layer: () => layer })) {
    await run().catch(() => failed.push(name))
  }
  return failed
}

describe('a layer that does not keep its promises is found', () => {
  const plain: Layer = { kind: 'compress', id: 'plain', version: 1 }

  it('when it loses a byte, holds everything, or leaves what it reads open', async () => {
    const greedy: Layer = {
      ...plain,
      async *forward(body) {
        const all: Uint8Array[] = []
        for await (const piece of body) all.push(piece)
        yield* all
      },
    }
    expect(await broken(greedy)).toEqual([
      'works while the value still comes: it holds a few MiB at most',
    ])
    const lossy: Layer = {
      ...plain,
      async *backward(stored) {
        for await (const piece of stored) yield piece.slice(1)
      },
    }
    expect(await broken(lossy)).toContain(
      'gives every value back, of any length, however its pieces came',
    )
    expect(await broken(plain)).toEqual([])
  })

  it('when its seal leaves something out', async () => {
    const whole = hmac(ring)
    const forgetful: Layer = {
      ...hmac(ring),
      seal: (facts) => whole.seal?.({ ...facts, born: 1 }) ?? {},
      verify: (facts, tag) => whole.verify?.({ ...facts, born: 1 }, tag) ?? ok(),
    }
    expect(await broken(forgetful)).toEqual([
      'verifies what it sealed, and nothing that differs in any fact',
    ])
  })
})

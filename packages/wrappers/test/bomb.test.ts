import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { blockCompressor as node } from '../src/deflate/node.ts'
import { blockCompressor as web } from '../src/deflate/portable.ts'

const MIB = 2 ** 20

describe.each(Object.entries({ node, web }))('a bomb, expanded by the %s compressor', (_, one) => {
  it('is given up before it is large', async () => {
    const bombs = { gzip: gzipSync, deflate: deflateSync }
    for (const [format, make] of Object.entries(bombs)) {
      const bomb = make(new Uint8Array(100 * MIB))
      globalThis.gc?.()
      const before = process.memoryUsage().external
      let peak = before
      const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().external)), 1)
      const known = format === 'gzip' ? 'gzip' : 'deflate'
      expect(await one.expand(known, bomb, MIB)).toBeUndefined()
      peak = Math.max(peak, process.memoryUsage().external)
      clearInterval(timer)
      expect(peak - before).toBeLessThan(24 * MIB)
    }
  })
})

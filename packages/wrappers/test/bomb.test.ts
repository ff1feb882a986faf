import { describe, expect, it } from 'vitest'
import type { BlockCompressor, Compression } from '../src/deflate/deflate.ts'
import { blockCompressor as node } from '../src/deflate/node.ts'
import { blockCompressor as web } from '../src/deflate/portable.ts'

const MIB = 2 ** 20
const FORMATS: readonly Compression[] = ['gzip', 'deflate', 'zstd']

/** Each compressor with each format that this runtime has of it. */
const here = Object.entries({ node, web }).flatMap(([name, one]) =>
  FORMATS.filter((format) => one.has(format)).map((format) => [name, format, one] as const),
)

/** 100 MiB of nothing. */
function bombOf(format: Compression): Promise<Uint8Array> {
  const maker: BlockCompressor = node.has(format) ? node : web
  return maker.shrink(format, new Uint8Array(100 * MIB))
}

describe.each(here)('the %s compressor', (_, format, one) => {
  it(`gives a ${format} bomb up before it is large`, async () => {
    const bomb = await bombOf(format)
    expect(bomb.length).toBeLessThan(MIB)
    globalThis.gc?.()
    const before = process.memoryUsage().external
    let peak = before
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().external)), 1)
    expect(await one.expand(format, bomb, MIB)).toBeUndefined()
    peak = Math.max(peak, process.memoryUsage().external)
    clearInterval(timer)
    expect(peak - before).toBeLessThan(24 * MIB)
  })
})

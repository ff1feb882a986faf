import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import { concat, inPieces, MemoryStorage, unwrap } from '@tidemark/core'
import { hmac, keyRing, stack } from '@tidemark/wrappers'
import { layerContract } from '@tidemark/wrappers/testing'

const [shrink, expand] = [promisify(brotliCompress), promisify(brotliDecompress)]
const BLOCK = 256 * 1024
const HEADER = 4
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

/** Blocks of up to 256 KiB, each with its stored length (u32) in front. */
function brotli() {
  return {
    kind: 'compress', // where it may stand: before what encrypts
    id: 'example.brotli', // recorded with the data
    version: 1,
    async *forward(body) {
      for await (const block of inPieces(body, BLOCK)) {
        const small = await shrink(block, FAST)
        const header = new Uint8Array(HEADER)
        new DataView(header.buffer).setUint32(0, small.length)
        yield concat([header, small])
      }
    },
    async *backward(stored) {
      let held = new Uint8Array()
      for await (const piece of stored) {
        held = concat([held, piece])
        for (let size = sizeOf(held); held.length >= HEADER + size; size = sizeOf(held)) {
          // Nothing that is read may grow without a limit. What throws is damage of the entry.
          const options = { maxOutputLength: BLOCK }
          yield await expand(held.subarray(HEADER, HEADER + size), options)
          held = held.slice(HEADER + size)
        }
      }
      if (held.length > 0) throw new Error('a block is cut short')
    },
  }
}

function sizeOf(held) {
  if (held.length < HEADER) return Infinity
  const size = new DataView(held.buffer, held.byteOffset).getUint32(0)
  if (size > 2 * BLOCK) throw new Error('a block is too long')
  return size
}

for (const { run } of layerContract({ layer: brotli })) await run()

const ring = unwrap(keyRing({ active: { id: 'k', secret: new Uint8Array(32).fill(1) } }))
const storage = unwrap(await stack(new MemoryStorage(), brotli(), hmac(ring)))
unwrap(await storage.save('report', { text: 'the same again. '.repeat(10_000) }))
const report = unwrap(await storage.loadCheckpoint('report'))
console.log(unwrap(await report.get('text')).length, 'characters')

import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import { concat, inPieces } from '@tidemark/core'
import type { Layer } from '@tidemark/wrappers'

const [shrink, expand] = [promisify(brotliCompress), promisify(brotliDecompress)]
const BLOCK_BYTES = 256 * 1024
const HEADER_BYTES = 4
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

/** Blocks of up to 256 KiB, each with its stored length (u32) in front. */
export function brotli(): Layer<'compress'> {
  return {
    kind: 'compress', // where it may stand: before what encrypts
    id: 'example.brotli', // recorded with the data
    version: 1,
    async *forward(body) {
      for await (const block of inPieces(body, BLOCK_BYTES)) {
        const small = await shrink(block, FAST)
        const header = new Uint8Array(HEADER_BYTES)
        new DataView(header.buffer).setUint32(0, small.length)
        yield concat([header, small])
      }
    },
    async *backward(stored) {
      let held = new Uint8Array()
      for await (const piece of stored) {
        held = new Uint8Array(concat([held, piece]))
        for (let end = endOfBlock(held); held.length >= end; end = endOfBlock(held)) {
          // Nothing that is read may grow without a limit. What throws is damage of the entry.
          const limit = { maxOutputLength: BLOCK_BYTES }
          yield await expand(held.subarray(HEADER_BYTES, end), limit)
          held = held.slice(end)
        }
      }
      if (held.length > 0) throw new Error('a block is cut short')
    },
  }
}

/** Where the first block ends; nowhere yet if not even its header is there. */
function endOfBlock(held: Uint8Array): number {
  if (held.length < HEADER_BYTES) return Infinity
  const size = new DataView(held.buffer, held.byteOffset).getUint32(0)
  if (size > 2 * BLOCK_BYTES) throw new Error('a block is too long')
  return HEADER_BYTES + size
}

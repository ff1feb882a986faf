import { byteAt } from '../bytes/bytes.ts'
import { HASH_BYTES, type Hash } from '../hash/hash.ts'
import { nodeLength, writeNode } from '../tree/node-codec.ts'
import type { TreeNode } from '../tree/node.ts'

/** Nodes with their hashes, in the order in which they were added. What it gives are views. */
export interface NodePack extends Iterable<readonly [hash: Hash, bytes: Uint8Array]> {
  add(node: TreeNode): void
  readonly sizeBytes: number
}

/** A larger node has a page of its own. */
const PAGE_BYTES = 256 * 1024
/** Of each node: its hash, the length of its bytes (32 bits, little-endian), its bytes. */
const HEAD_BYTES = HASH_BYTES + 4

/**
 * An empty pack. A chunk has a hundred thousand nodes that live until it is stored: packed, they
 * are a few pages, and not several objects each for the garbage collector to move about.
 */
export function nodePack(): NodePack {
  const pages: { readonly bytes: Uint8Array; filled: number }[] = []
  let sizeBytes = 0

  function pageFor(length: number): { readonly bytes: Uint8Array; filled: number } {
    const last = pages.at(-1)
    if (last !== undefined && last.filled + length <= last.bytes.length) return last
    const page = { bytes: new Uint8Array(Math.max(PAGE_BYTES, length)), filled: 0 }
    pages.push(page)
    sizeBytes += page.bytes.length
    return page
  }

  return {
    add: (node) => {
      const length = nodeLength(node)
      const page = pageFor(HEAD_BYTES + length)
      const { bytes, filled } = page
      bytes.set(node.hash, filled)
      for (let i = 0; i < 4; i++) bytes[filled + HASH_BYTES + i] = (length >>> (8 * i)) & 0xff
      writeNode(bytes, filled + HEAD_BYTES, node)
      page.filled += HEAD_BYTES + length
    },
    get sizeBytes() {
      return sizeBytes
    },
    *[Symbol.iterator]() {
      for (const { bytes, filled } of pages) {
        for (let at = 0; at < filled;) {
          const start = at + HEAD_BYTES
          const end = start + lengthAt(bytes, at + HASH_BYTES)
          yield [bytes.subarray(at, at + HASH_BYTES), bytes.subarray(start, end)]
          at = end
        }
      }
    },
  }
}

/** Below 2^31: no node is longer than the raw bytes of a chunk. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const low = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16)
  return low | (byteAt(bytes, at + 3) << 24)
}

import { HASH_BYTES, type Hash } from '../hash/hash.ts'
import { nodeLength, writeNode } from '../tree/node-codec.ts'
import type { TreeNode } from '../tree/node.ts'

/**
 * Nodes with their hashes, in the order in which they were added. Can be iterated more than once;
 * what it gives are views that stay valid.
 */
export interface NodePack extends Iterable<readonly [hash: Hash, bytes: Uint8Array]> {
  add(node: TreeNode): void
}

const FIRST_NODES = 256
const FIRST_BYTES = 32 * 1024

/**
 * An empty pack. A chunk has a hundred thousand nodes that live until it is stored: packed, they
 * are three arrays, and not several objects each for the garbage collector to move about.
 */
export function nodePack(): NodePack {
  let hashes = new Uint8Array(FIRST_NODES * HASH_BYTES)
  let ends = new Float64Array(FIRST_NODES)
  let bytes = new Uint8Array(FIRST_BYTES)
  let count = 0
  let filled = 0

  return {
    add: (node) => {
      const end = filled + nodeLength(node)
      if (count === ends.length) {
        hashes = grown(hashes, 2 * hashes.length)
        const moreEnds = new Float64Array(2 * count)
        moreEnds.set(ends)
        ends = moreEnds
      }
      if (end > bytes.length) bytes = grown(bytes, Math.max(2 * bytes.length, end))
      hashes.set(node.hash, count * HASH_BYTES)
      writeNode(bytes, filled, node)
      ends[count] = end
      filled = end
      count++
    },
    *[Symbol.iterator]() {
      let start = 0
      for (let i = 0; i < count; i++) {
        const end = ends[i] ?? start
        yield [hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES), bytes.subarray(start, end)]
        start = end
      }
    },
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}

import type { Hash } from '../hash/hash.ts'
import type { NodesToStore } from './node-db.ts'

/** Nodes that are written at once. */
export type NodePart = readonly (readonly [hash: Hash, bytes: Uint8Array])[]

/**
 * Nodes are written so many at a time, and so many bytes, whatever the size of a tree or a chunk:
 * a batch is several objects and a copy for each of its nodes until it is written.
 */
export const NODES_PER_WRITE = 4096
const BYTES_PER_WRITE = 1024 * 1024

/** Cuts nodes into parts to be written one after another. The last part may be empty. */
export function* inParts(
  nodes: NodesToStore,
): Iterable<{ readonly part: NodePart; readonly isLast: boolean }> {
  let part: (readonly [Hash, Uint8Array])[] = []
  let sizeBytes = 0
  for (const node of nodes) {
    const isFull = part.length === NODES_PER_WRITE || sizeBytes + node[1].length > BYTES_PER_WRITE
    if (isFull && part.length > 0) {
      yield { part, isLast: false }
      part = []
      sizeBytes = 0
    }
    part.push(node)
    sizeBytes += node[1].length
  }
  yield { part, isLast: true }
}

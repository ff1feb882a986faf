import { hashOnly, opened } from '../proof/builder.ts'
import type { ProofEntry } from '../proof/proof.ts'
import type { InternalNode, LeafNode, TreeNode } from '../tree/node.ts'

/**
 * Writes the entries of one version-0 proof while its nodes are visited in pre-order, so that no
 * chunk is ever held as nodes. A child that is not visited becomes a hash as soon as that is known.
 */
export interface ProofWriter {
  /** Opens a node below the innermost one that is being written: the left (0) or right (1) child. */
  enter(node: TreeNode, side: 0 | 1): void
  /** The innermost node is done. */
  leave(): void
  /** All nodes are done. */
  finish(): void
  /** Counts a visited embedded leaf, which is written inside its node: the original's size. */
  count(leaf: LeafNode): void
  /** See `ProofBuilder.sizeBytes`. */
  readonly sizeBytes: number
}

interface OpenNode {
  readonly node: InternalNode
  /** How many of its two children are written. */
  written: 0 | 1 | 2
}

/** A writer whose entries go to `emit`. */
export function proofWriter(emit: (entry: ProofEntry) => void): ProofWriter {
  const stack: OpenNode[] = []
  let sizeBytes = 0

  function fill(top: OpenNode, upTo: 0 | 1 | 2): void {
    if (top.written < 1 && upTo > 0) emitShut(top.node.left?.hash)
    if (top.written < 2 && upTo > 1) emitShut(top.node.right?.hash)
  }

  function emitShut(hash: Uint8Array | undefined): void {
    emit(hash === undefined ? undefined : hashOnly(hash))
  }

  function leave(): void {
    const top = stack.pop()
    if (top !== undefined) fill(top, 2)
  }

  return {
    enter: (node, side) => {
      const parent = stack.at(-1)
      if (parent !== undefined) {
        fill(parent, side)
        parent.written = side === 0 ? 1 : 2
      }
      const entry = opened(node, 0)
      sizeBytes += entry.length
      emit(entry)
      if (node.kind === 'internal') stack.push({ node, written: 0 })
    },
    leave,
    finish: () => {
      while (stack.length > 0) leave()
    },
    count: ({ key, value }) => {
      sizeBytes += 1 + 7 + key.length + value.length
    },
    get sizeBytes() {
      return sizeBytes
    },
  }
}

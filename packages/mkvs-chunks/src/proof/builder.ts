import { equalBytes, mapKey } from '../bytes/bytes.ts'
import { takeBytes } from '../bytes/slab.ts'
import { HASH_BYTES, type Hash } from '../hash/hash.ts'
import { encodeCompact } from '../tree/node-codec.ts'
import { EMPTY_HASH, type TreeNode } from '../tree/node.ts'
import { HASH_ONLY, OPENED, type Proof, type ProofEntry, type ProofVersion } from './proof.ts'

/** Collects nodes of one tree and makes the proof that opens exactly these. */
export interface ProofBuilder {
  /** Opens a node. Once more changes nothing. */
  readonly include: (node: TreeNode) => void
  /**
   * What chunkers compare with the chunk size: the bytes of every included node with its kind byte.
   * An embedded leaf that is itself included counts again, as in the original.
   */
  readonly sizeBytes: number
  /** The entries, in pre-order. */
  entries(): Iterable<ProofEntry>
  build(): Proof
}

interface Included {
  readonly entry: Uint8Array
  readonly children: readonly Hash[]
}

/**
 * A builder for proofs against `root`. The proof starts at the node with the hash `position`, if
 * that node is included, so that somebody who stands there gets no more than needed.
 */
export function proofBuilder(
  root: Hash,
  version: ProofVersion,
  position: Hash = root,
): ProofBuilder {
  const included = new Map<string, Included>()
  let sizeBytes = 0

  function include(node: TreeNode): void {
    const key = mapKey(node.hash)
    if (included.has(key)) return
    const entry = opened(node, version)
    sizeBytes += entry.length
    included.set(key, { entry, children: childrenOf(node, version) })
  }

  const start = (): Hash => (included.has(mapKey(position)) ? position : root)

  function* entries(): Iterable<ProofEntry> {
    const stack: Hash[] = [start()]
    for (let hash = stack.pop(); hash !== undefined; hash = stack.pop()) {
      const node = included.get(mapKey(hash))
      if (node === undefined) {
        yield equalBytes(hash, EMPTY_HASH) ? undefined : hashOnly(hash)
        continue
      }
      yield node.entry
      stack.push(...node.children.toReversed())
    }
  }

  return {
    include,
    get sizeBytes() {
      return sizeBytes
    },
    entries,
    build: () => ({ version, untrustedRoot: start(), entries: [...entries()] }),
  }
}

/** The entry of an opened node. */
export function opened(node: TreeNode, version: ProofVersion): Uint8Array {
  const compact = encodeCompact(node, version)
  const entry = takeBytes(1 + compact.length)
  entry[0] = OPENED
  entry.set(compact, 1)
  return entry
}

/** The entry of a node that is not opened. */
export function hashOnly(hash: Hash): Uint8Array {
  const entry = takeBytes(1 + HASH_BYTES)
  entry[0] = HASH_ONLY
  entry.set(hash, 1)
  return entry
}

function childrenOf(node: TreeNode, version: ProofVersion): readonly Hash[] {
  if (node.kind === 'leaf') return []
  const left = node.left?.hash ?? EMPTY_HASH
  const right = node.right?.hash ?? EMPTY_HASH
  return version === 0 ? [left, right] : [node.leaf?.hash ?? EMPTY_HASH, left, right]
}

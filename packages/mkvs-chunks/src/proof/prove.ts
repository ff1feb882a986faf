import { bitAt } from '../bytes/bits.ts'
import { equalBytes, startsWith } from '../bytes/bytes.ts'
import type { Hash } from '../hash/hash.ts'
import { cursorOver } from '../tree/cursor.ts'
import { EMPTY_HASH, type Pointer, type TreeNode } from '../tree/node.ts'
import type { Walk } from '../tree/walk.ts'
import { proofBuilder, type ProofBuilder } from './builder.ts'
import type { Proof, ProofVersion } from './proof.ts'

/** What to prove of a tree: `tree.prove(query)`, or `proveStored(db, root, query)`. */
export type ProofQuery = (root: Pointer | undefined) => Walk<Proof>

/** Options of every query. */
export interface ProofOptions {
  /** Default 0. */
  readonly version?: ProofVersion
}

/** Options of {@link getProof}. */
export interface GetProofOptions extends ProofOptions {
  /** Also open the nodes beside the path. Default `false`. */
  readonly includeSiblings?: boolean
  /** The node the asker stands at already: if it is on the path, the proof starts there. */
  readonly position?: Hash
}

/**
 * Proves the value of a key, or that it has none.
 *
 * @example
 * import { getProof, Tree, unwrap, verifyProof } from '@tidemark/mkvs-chunks'
 *
 * const tree = new Tree()
 * tree.insert(new Uint8Array([1]), new Uint8Array([2]))
 * const proof = unwrap(tree.prove(getProof(new Uint8Array([1]))))
 * const proven = unwrap(verifyProof(tree.rootHash(), proof))
 * unwrap(proven.get(new Uint8Array([1]))) // => [2]
 */
export function getProof(key: Uint8Array, options: GetProofOptions = {}): ProofQuery {
  const { version = 0, includeSiblings = false, position } = options
  return function* (root) {
    const builder = proofBuilder(root?.hash ?? EMPTY_HASH, version, position)
    yield* lookup(root, key, builder, version, includeSiblings)
    return builder.build()
  }
}

/** Proves the entry at or after a key, and so many entries after it. */
export function iterateProof(
  from: Uint8Array,
  options: ProofOptions & { readonly prefetch?: number } = {},
): ProofQuery {
  const { version = 0, prefetch = 0 } = options
  return function* (root) {
    const builder = proofBuilder(root?.hash ?? EMPTY_HASH, version)
    const cursor = cursorOver(root, builder.include)
    let leaf = yield* cursor.seek(from)
    for (let i = 0; i < prefetch && leaf !== undefined; i++) leaf = yield* cursor.next()
    return builder.build()
  }
}

/** Proves the entries whose keys start with any of the prefixes, up to a limit in all. */
export function prefixesProof(
  prefixes: readonly Uint8Array[],
  options: ProofOptions & { readonly limit: number },
): ProofQuery {
  const { version = 0, limit } = options
  return function* (root) {
    const builder = proofBuilder(root?.hash ?? EMPTY_HASH, version)
    const cursor = cursorOver(root, builder.include)
    let found = 0
    for (const prefix of prefixes) {
      let leaf = yield* cursor.seek(prefix)
      while (leaf !== undefined && found < limit && startsWith(leaf.key, prefix)) {
        found++
        leaf = yield* cursor.next()
      }
      if (found >= limit) break
    }
    return builder.build()
  }
}

/** Finds the value of a key. With a builder, includes what the proof of it needs. */
export function* lookup(
  root: Pointer | undefined,
  key: Uint8Array,
  builder?: ProofBuilder,
  version: ProofVersion = 0,
  siblings = false,
): Walk<Uint8Array | undefined> {
  const include = (node: TreeNode | undefined): void => {
    if (node !== undefined) builder?.include(node)
  }
  const keyBits = key.length * 8
  let depth = 0
  for (let pointer = root; pointer !== undefined;) {
    const node: TreeNode = yield pointer
    include(node)
    if (node.kind === 'leaf') return equalBytes(node.key, key) ? node.value : undefined
    depth += node.labelBits
    if (keyBits < depth) return undefined
    const ends = keyBits === depth
    const goesRight = !ends && bitAt(key, depth) === 1
    if (version === 1 && (ends || siblings)) include(node.leaf)
    if (siblings) {
      if (node.left !== undefined && (ends || goesRight)) include(yield node.left)
      if (node.right !== undefined && !goesRight) include(yield node.right)
    }
    if (ends) {
      const leaf = node.shutLeaf === undefined ? node.leaf : yield node.shutLeaf
      return leaf?.kind === 'leaf' && equalBytes(leaf.key, key) ? leaf.value : undefined
    }
    pointer = goesRight ? node.right : node.left
  }
  return undefined
}

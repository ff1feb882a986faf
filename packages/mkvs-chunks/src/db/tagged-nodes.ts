import { coreError, err, ok, type AsyncResult, type CallOptions, type Result } from '@tidemark/core'
import { bitAt, joinBits } from '../bytes/bits.ts'
import { equalBytes, NO_BYTES, toHex } from '../bytes/bytes.ts'
import { takeBytes } from '../bytes/slab.ts'
import { mkvsError, type MediumError, type MkvsError } from '../errors/mkvs-errors.ts'
import { HASH_BYTES, type Hash } from '../hash/hash.ts'
import { decodeNode, LEAF } from '../tree/node-codec.ts'
import { EMPTY_HASH, type Pointer, type TreeNode } from '../tree/node.ts'
import type { NodesToStore } from './node-db.ts'
import type { NodeStore } from './node-store.ts'

// A stored node is the version that last wrote it (8 bytes, little-endian) and its full form. The
// version is what lets a prune tell a node that a later version made again from one that it did not.

const TAG_BYTES = 8

/** A node and the version that last wrote it. */
export interface TaggedNode {
  readonly node: TreeNode
  readonly version: bigint
}

/** The version that last wrote a stored node. */
export function tagOf(value: Uint8Array): bigint {
  return new DataView(value.buffer, value.byteOffset).getBigUint64(0, true)
}

/** A node's bytes with the version that writes it. */
export function tagged(bytes: Uint8Array, version: bigint): Uint8Array {
  const value = takeBytes(TAG_BYTES + bytes.length)
  new DataView(value.buffer, value.byteOffset).setBigUint64(0, version, true)
  value.set(bytes, TAG_BYTES)
  return value
}

/** Nodes as they are stored by a version. */
export function* withTags(nodes: NodesToStore, version: bigint): NodesToStore {
  for (const [hash, bytes] of nodes) yield [hash, tagged(bytes, version)]
}

/** Reads a node. `NODE_NOT_FOUND` when it is not there, `CORRUPTED` when it is not itself. */
export async function readNode(
  store: NodeStore,
  hash: Hash,
  options?: CallOptions,
): AsyncResult<TaggedNode, MediumError | MkvsError<'NODE_NOT_FOUND'>> {
  const value = await store.get(hash, options)
  return value.ok ? decodeStored(hash, value.value) : value
}

/** Reads nodes, in the order of their hashes. */
export async function readNodes(
  store: NodeStore,
  hashes: readonly Hash[],
  options?: CallOptions,
): AsyncResult<readonly TreeNode[], MediumError | MkvsError<'NODE_NOT_FOUND'>> {
  const values = await store.getMany(hashes, options)
  if (!values.ok) return values
  const nodes: TreeNode[] = []
  for (const [i, hash] of hashes.entries()) {
    const found = decodeStored(hash, values.value[i])
    if (!found.ok) return found
    nodes.push(found.value.node)
  }
  return ok(nodes)
}

function decodeStored(
  hash: Hash,
  value: Uint8Array | undefined,
): Result<TaggedNode, MediumError | MkvsError<'NODE_NOT_FOUND'>> {
  if (value === undefined) return err(nodeNotFound(hash))
  // Lenient: a restore that was lenient stored what it was given, and the hash says it all.
  const node = decodeNode(value.subarray(TAG_BYTES), false)
  if (node.ok && equalBytes(node.value.hash, hash)) {
    return ok({ node: node.value, version: tagOf(value) })
  }
  const reason = node.ok ? 'another node' : node.error
  return err(coreError('CORRUPTED', `node: ${reason}`, { what: 'node', reason, key: toHex(hash) }))
}

/**
 * So many nodes are asked for at once: a database answers many about as fast as one. Their values
 * are in memory together, so not more.
 */
export const HASHES_PER_READ = 64

/**
 * Looks for every node of a tree, some dozens at a time and depth first, so that little more than
 * the way down is in memory. The hashes were checked when the nodes were stored, so no node is
 * decoded: children are its last 64 bytes.
 */
export async function checkWhole(
  store: NodeStore,
  root: Hash,
  options?: CallOptions,
): AsyncResult<void, MediumError | MkvsError<'NODE_NOT_FOUND'>> {
  const stack = [root]
  while (stack.length > 0) {
    const hashes = stack.splice(-HASHES_PER_READ)
    const values = await store.getMany(hashes, options)
    if (!values.ok) return values
    for (const [i, hash] of hashes.entries()) {
      const value = values.value[i]
      if (value === undefined) return err(nodeNotFound(hash))
      if (value[TAG_BYTES] === LEAF) continue
      const left = value.subarray(-2 * HASH_BYTES, -HASH_BYTES)
      const right = value.subarray(-HASH_BYTES)
      if (!equalBytes(right, EMPTY_HASH)) stack.push(right)
      if (!equalBytes(left, EMPTY_HASH)) stack.push(left)
    }
  }
  return ok()
}

function nodeNotFound(hash: Hash): MkvsError<'NODE_NOT_FOUND'> {
  return mkvsError('NODE_NOT_FOUND', 'mkvs: node not found', { hash: toHex(hash) })
}

/** The trees that stay when another one goes. */
export interface KeptTrees {
  /** Of the version after the one that goes. */
  readonly next: readonly Hash[]
  readonly all: readonly Hash[]
}

/**
 * The nodes of a dropped tree that no kept tree has, children before their parents, so that each
 * may be removed when it is given. Nodes that are gone already are skipped.
 *
 * A node that no version after `upTo` wrote can only be in a later tree if it is in the next one.
 * Any other node is looked for in all of them.
 */
export async function* unsharedNodes(
  store: NodeStore,
  dropped: Hash,
  kept: KeptTrees,
  upTo: bigint,
): AsyncGenerator<Hash, Result<void, MediumError | MkvsError<'NODE_NOT_FOUND'>>, void> {
  // A node comes up twice: before its children and, without its place, after them.
  const stack: { hash: Hash; place?: { depth: number; path: Uint8Array } }[] = []
  stack.push({ hash: dropped, place: { depth: 0, path: NO_BYTES } })
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const { hash, place } = at
    if (place === undefined) {
      yield hash
      continue
    }
    const found = await readNode(store, hash)
    if (!found.ok && found.error.code === 'NODE_NOT_FOUND') continue
    if (!found.ok) return found
    const { node, version } = found.value
    const isLeaf = node.kind === 'leaf'
    const depth = isLeaf ? node.key.length * 8 : place.depth + node.labelBits
    const path = isLeaf ? node.key : joinBits(place.path, place.depth, node.label, node.labelBits)
    const trees = version > upTo ? kept.all : kept.next
    const shared = await isInAny(store, trees, hash, path, depth)
    if (!shared.ok) return shared
    if (shared.value) continue
    stack.push({ hash })
    if (isLeaf) continue
    for (const child of [node.left, node.right]) {
      if (child !== undefined) stack.push({ hash: child.hash, place: { depth, path } })
    }
  }
  return ok()
}

/** Whether a node is in one of these trees: then it is on the way its path goes. */
async function isInAny(
  store: NodeStore,
  roots: readonly Hash[],
  hash: Hash,
  path: Uint8Array,
  bits: number,
): AsyncResult<boolean, MediumError | MkvsError<'NODE_NOT_FOUND'>> {
  for (const root of roots) {
    let depth = 0
    for (let at: Pointer | undefined = { hash: root }; at !== undefined;) {
      if (equalBytes(at.hash, hash)) return ok(true)
      const found = await readNode(store, at.hash)
      if (!found.ok) return found
      const node: TreeNode = found.value.node
      if (node.kind === 'leaf') break
      depth += node.labelBits
      if (depth >= bits) break
      at = bitAt(path, depth) === 0 ? node.left : node.right
    }
  }
  return ok(false)
}

import { err, ok, type Result } from '@tidemark/core'
import { bitAt, firstDifference, writeBits } from '../bytes/bits.ts'
import { byteAt, equalBytes, mapKey, toHex } from '../bytes/bytes.ts'
import { mkvsError, type MkvsError } from '../errors/mkvs-errors.ts'
import { HASH_BYTES, type Hash } from '../hash/hash.ts'
import { internalNode, parseNode, type ParsedNode } from '../tree/node-codec.ts'
import {
  EMPTY_HASH,
  MAX_DEPTH_BITS,
  type LeafNode,
  type Pointer,
  type TreeNode,
} from '../tree/node.ts'
import { runWalk } from '../tree/walk.ts'
import { HASH_ONLY, OPENED, type Proof, type ProofEntry } from './proof.ts'
import { lookup } from './prove.ts'

/** How a proof is checked. */
export interface VerifyOptions {
  /** `true` (the default) refuses what only a writer that is not canonical makes. */
  readonly strict?: boolean
  /** The deepest node, the root being 0. Default 128, as the original's verifier since 2026. */
  readonly maxDepth?: number
  /** The proof starts somewhere in the tree, so the keys cannot be compared with their place. */
  readonly subtree?: boolean
}

/** The default of {@link VerifyOptions.maxDepth}. */
export const MAX_PROOF_DEPTH = 128

/** The part of a tree that a proof has proven. */
export interface ProvenTree {
  /** The entries seen in the proof, in its order. */
  readonly pairs: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
  /** The opened nodes, children before their parents. */
  readonly nodes: readonly TreeNode[]
  /**
   * The value of a key, or `undefined` when it is proven that there is none. `NODE_NOT_FOUND`: the
   * proof does not cover this key.
   */
  get(key: Uint8Array): Result<Uint8Array | undefined, MkvsError<'NODE_NOT_FOUND'>>
}

/**
 * Checks that a proof is about the tree of a trusted root, and gives what it proves.
 *
 * After `ok` everything in the value belongs to the tree of that root. May answer `PROOF_INVALID`.
 * Takes time and memory in proportion to the proof, whatever is in it.
 */
export function verifyProof(
  root: Hash,
  proof: Proof,
  options: VerifyOptions = {},
): Result<ProvenTree, MkvsError<'PROOF_INVALID'>> {
  const fail = (reason: string): Result<never, MkvsError<'PROOF_INVALID'>> =>
    err(mkvsError('PROOF_INVALID', `verifier: ${reason}`, { reason }))
  const { version } = proof
  if (version !== 0 && version !== 1) return fail('unsupported proof version')
  if (!equalBytes(proof.untrustedRoot, root)) return fail('proof for unexpected root')
  const nodes: TreeNode[] = []
  const pairs: (readonly [Uint8Array, Uint8Array])[] = []
  const seeLeaf = (leaf: LeafNode) => void pairs.push([leaf.key, leaf.value])
  const reading = openEntries(root, proof.entries, version, options, seeLeaf)
  let step = reading.next()
  for (; step.done !== true; step = reading.next()) nodes.push(step.value)
  const opened = step.value
  if (!opened.ok) return fail(opened.error)
  const top = equalBytes(root, EMPTY_HASH) ? undefined : { hash: root }
  return ok({ pairs, nodes, get: getFrom(top, nodes) })
}

function getFrom(root: Pointer | undefined, nodes: readonly TreeNode[]): ProvenTree['get'] {
  let byHash: Map<string, TreeNode> | undefined
  return (key) => {
    byHash ??= new Map(nodes.map((node) => [mapKey(node.hash), node]))
    const known = byHash
    return runWalk(lookup(root, key), ({ hash }) => {
      const node = known.get(mapKey(hash))
      const details = { hash: toHex(hash) }
      return node === undefined
        ? err(mkvsError('NODE_NOT_FOUND', 'the proof does not cover this key', details))
        : ok(node)
    })
  }
}

/** An internal node whose children are still being read. */
interface Frame {
  readonly labelBits: number
  readonly label: Uint8Array
  readonly leaf: LeafNode | undefined
  readonly compact: Uint8Array
  readonly end: number
  /** What was read so far: (version 1: embedded leaf,) left, right. */
  readonly children: (Pointer | undefined)[]
}

/**
 * Reads the entries of a proof against a root: gives every opened node, children before their
 * parents, and at the end the reason of the first thing wrong. Believe the nodes only after `ok`.
 *
 * `seeLeaf` is told of every leaf, embedded ones too, in the order of the entries.
 */
export function* openEntries(
  root: Hash,
  entries: Iterable<ProofEntry>,
  version: 0 | 1,
  options: VerifyOptions,
  seeLeaf?: (leaf: LeafNode) => void,
): Generator<TreeNode, Result<void, string>, void> {
  const { strict = true, maxDepth = MAX_PROOF_DEPTH } = options
  const isPlaced = strict && options.subtree !== true
  const path = isPlaced ? new Uint8Array(MAX_DEPTH_BITS / 8) : undefined
  const stack: Frame[] = []
  let count = 0
  let top: Pointer | undefined
  for (const entry of entries) {
    if (count > 0 && stack.length === 0) return err('unused entries')
    count++
    if (stack.length > maxDepth) return err('max proof depth exceeded')
    const read = readEntry(entry, version, strict)
    if (!read.ok) return read
    const item = read.value
    const parent = stack.at(-1)
    const side = parent === undefined ? 0 : sideOf(parent, version)
    if (item !== undefined && 'labelBits' in item) {
      const { labelBits, label, leaf, compact } = item
      const end = (parent?.end ?? 0) + labelBits
      const frame: Frame = { labelBits, label, leaf, compact, end, children: [] }
      if (strict && !frameFits(frame, parent, side, path)) return err('a node out of place')
      if (frame.leaf !== undefined) seeLeaf?.(frame.leaf)
      stack.push(frame)
      continue
    }
    if (item !== undefined && isLeaf(item)) {
      if (strict && parent !== undefined && !leafFits(item, parent.end, side, path)) {
        return err('a leaf out of place')
      }
      seeLeaf?.(item)
      yield item
    }
    const done = yield* complete(item, stack, version, strict)
    if (!done.ok) return done
    top = done.value
  }
  if (count === 0) return err('empty proof')
  if (stack.length > 0) return err('malformed proof')
  return equalBytes(top?.hash ?? EMPTY_HASH, root) ? ok() : err('bad root')
}

/** Hands a finished node to its parent, and gives every parent that this completes. */
function* complete(
  item: Pointer | undefined,
  stack: Frame[],
  version: 0 | 1,
  strict: boolean,
): Generator<TreeNode, Result<Pointer | undefined, string>, void> {
  let done = item
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    frame.children.push(childOf(frame, done, version))
    if (frame.children.length < 2 + version) return ok(done)
    stack.pop()
    const node = closeFrame(frame, version, strict)
    if (!node.ok) return node
    yield node.value
    done = node.value
  }
  return ok(done)
}

/**
 * What a parent keeps of a child: its hash, so that a proof of any size is read in the memory of
 * the way down. An embedded leaf is kept whole: it is a part of its node.
 */
function childOf(
  frame: Frame,
  child: Pointer | TreeNode | undefined,
  version: 0 | 1,
): Pointer | undefined {
  if (child === undefined || !('kind' in child)) return child
  return frame.children.length < version ? child : { hash: child.hash }
}

function closeFrame(frame: Frame, version: 0 | 1, strict: boolean): Result<TreeNode, string> {
  const { labelBits, label, compact, children } = frame
  const left = children[version]
  const right = children[version + 1]
  const embedded = version === 1 ? children[0] : frame.leaf
  if (strict && countOf(embedded) + countOf(left) + countOf(right) < 2) {
    return err('a node that need not be there')
  }
  if (version === 0) {
    return ok(internalNode({ labelBits, label, leaf: frame.leaf, left, right, compact }))
  }
  if (embedded === undefined || isLeaf(embedded)) {
    return ok(internalNode({ labelBits, label, leaf: embedded, left, right }))
  }
  if ('kind' in embedded) return err('an embedded leaf is no leaf')
  return ok(internalNode({ labelBits, label, leaf: undefined, shutLeaf: embedded, left, right }))
}

function countOf(child: object | undefined): 0 | 1 {
  return child === undefined ? 0 : 1
}

/** What one entry holds: nothing, an unopened node, a leaf, or an internal node to be completed. */
type Entry = undefined | Pointer | ParsedNode

function readEntry(entry: ProofEntry, version: 0 | 1, strict: boolean): Result<Entry, string> {
  if (entry === undefined) return ok(undefined)
  if (entry.length === 0) return err('malformed proof')
  if (byteAt(entry, 0) === HASH_ONLY) {
    if (entry.length !== 1 + HASH_BYTES) return err('unopened node without a hash')
    const hash = entry.subarray(1)
    if (!equalBytes(hash, EMPTY_HASH)) return ok({ hash })
    return strict ? err('the hash of nothing for no node') : ok(undefined)
  }
  if (byteAt(entry, 0) !== OPENED) return err('unexpected entry')
  const node = parseNode(entry, 1, strict)
  if (!node.ok || node.value.kind === 'leaf') return node
  const { leaf, end } = node.value
  if (strict && end < entry.length) return err('malformed node: bytes left over')
  if (version === 1 && leaf !== undefined) return err('an embedded leaf that is not a child')
  return node
}

/** Where the next child of a frame hangs. */
function sideOf(frame: Frame, version: 0 | 1): 'leaf' | 0 | 1 {
  const slot = frame.children.length - version
  return slot < 0 ? 'leaf' : slot === 0 ? 0 : 1
}

/**
 * Whether an internal node can stand here: a label that begins with the branch it hangs on, and an
 * embedded leaf whose key is the way here. Writes the way down.
 */
function frameFits(
  frame: Frame,
  parent: Frame | undefined,
  side: 'leaf' | 0 | 1,
  path: Path,
): boolean {
  if (frame.end > MAX_DEPTH_BITS || side === 'leaf') return false
  if (parent !== undefined) {
    if (frame.labelBits === 0 || bitAt(frame.label, 0) !== side) return false
  }
  if (path === undefined) return true
  writeBits(path, parent?.end ?? 0, frame.label, frame.labelBits)
  return frame.leaf === undefined || leafFits(frame.leaf, frame.end, 'leaf', path)
}

/** Whether a leaf's key begins with the bits that lead to it, and goes on as its place says. */
function leafFits(leaf: LeafNode, depth: number, side: 'leaf' | 0 | 1, path: Path): boolean {
  if (path === undefined) return true
  const bits = leaf.key.length * 8
  if (side === 'leaf' ? bits !== depth : bits <= depth || bitAt(leaf.key, depth) !== side) {
    return false
  }
  return firstDifference(leaf.key, path, 0, depth) === depth
}

/** The bits of the way down, as far as the innermost open node; unknown in a subtree. */
type Path = Uint8Array | undefined

function isLeaf(pointer: Pointer | LeafNode): pointer is LeafNode {
  return 'kind' in pointer && pointer.kind === 'leaf'
}

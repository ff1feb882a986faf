import { bitAt, cutBits, firstDifference } from '../bytes/bits.ts'
import { compareBytes } from '../bytes/bytes.ts'
import type { Hash } from '../hash/hash.ts'
import { hashInternal, hashLeaf } from './node-hash.ts'
import { EMPTY_HASH, type InternalNode, type LeafNode, type Pointer } from './node.ts'

// The tree in memory is a crit-bit tree: a branch keeps where its label starts and ends and one key
// that runs through it. Labels are never stored; splitting and joining edges moves two numbers.

/** A key and its value in memory. */
export interface ResidentLeaf {
  readonly kind: 'leaf'
  readonly key: Uint8Array
  value: Uint8Array
  /** `undefined` while the value has changed since the last hashing. */
  hash: Hash | undefined
  /** A node database has it. */
  stored: boolean
  /** The last commit had a value of this key. */
  committed: boolean
  /** The write log lists it already. */
  logged: boolean
  removed: boolean
}

/** A fork in memory. */
export interface ResidentBranch {
  readonly kind: 'branch'
  /** Its label is the bits `start` to `end` of `key`. */
  start: number
  readonly end: number
  readonly key: Uint8Array
  leaf: ResidentLeaf | undefined
  left: ResidentNode | undefined
  right: ResidentNode | undefined
  /** `undefined` while something below, or the label, has changed since the last hashing. */
  hash: Hash | undefined
  stored: boolean
}

/** A node in memory. */
export type ResidentNode = ResidentLeaf | ResidentBranch

/** Where in a branch a key goes on. */
export type Slot = 'leaf' | 'left' | 'right'

/** Where a key of so many bits goes on below depth `end`, which it reaches. */
export function slotAt(key: Uint8Array, end: number): Slot {
  if (key.length * 8 === end) return 'leaf'
  return bitAt(key, end) === 0 ? 'left' : 'right'
}

/** Puts a node in a branch's slot. */
export function attach(branch: ResidentBranch, slot: Slot, node: ResidentNode): void {
  if (slot === 'left') branch.left = node
  else if (slot === 'right') branch.right = node
  else if (node.kind === 'leaf') branch.leaf = node
}

/** A leaf that no commit has seen. */
export function newLeaf(key: Uint8Array, value: Uint8Array): ResidentLeaf {
  return {
    kind: 'leaf',
    key,
    value,
    hash: undefined,
    stored: false,
    committed: false,
    logged: false,
    removed: false,
  }
}

/** A branch without children whose label is the bits `start` to `end` of `key`. */
export function newBranch(key: Uint8Array, start: number, end: number): ResidentBranch {
  return {
    kind: 'branch',
    start,
    end,
    key,
    leaf: undefined,
    left: undefined,
    right: undefined,
    hash: undefined,
    stored: false,
  }
}

/** Forgets a node's hash, because it will be another one. */
export function soil(node: ResidentNode): void {
  node.hash = undefined
  node.stored = false
}

/** The leaf of exactly this key. */
export function findLeaf(
  root: ResidentNode | undefined,
  key: Uint8Array,
): ResidentLeaf | undefined {
  const keyBits = key.length * 8
  let node = root
  while (node !== undefined) {
    if (node.kind === 'leaf') return compareBytes(node.key, key) === 0 ? node : undefined
    if (keyBits < node.end) return undefined
    node = node[slotAt(key, node.end)]
  }
  return undefined
}

/** The leaf of the smallest key that is not before this one. */
export function seekLeaf(
  root: ResidentNode | undefined,
  key: Uint8Array,
): ResidentLeaf | undefined {
  const keyBits = key.length * 8
  let node = root
  let later: ResidentNode | undefined
  while (node !== undefined) {
    if (node.kind === 'leaf') {
      if (compareBytes(node.key, key) >= 0) return node
      break
    }
    const shared = Math.min(node.end, keyBits)
    const fork = firstDifference(key, node.key, node.start, shared)
    if (fork < shared && bitAt(key, fork) === 1) break
    if (fork < shared || keyBits <= node.end) return firstLeaf(node)
    if (bitAt(key, node.end) === 0) {
      later = node.right ?? later
      node = node.left
    } else {
      node = node.right
    }
  }
  return later === undefined ? undefined : firstLeaf(later)
}

function firstLeaf(top: ResidentNode): ResidentLeaf | undefined {
  let node: ResidentNode | undefined = top
  while (node !== undefined && node.kind === 'branch') node = node.leaf ?? node.left ?? node.right
  return node
}

/** Hashes every node whose hash is unknown, children first; gives the root's hash. */
export function hashTree(root: ResidentNode | undefined): Hash {
  if (root === undefined) return EMPTY_HASH
  const stack: ResidentNode[] = [root]
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (node.hash === undefined && node.kind === 'branch' && pushDirtyChildren(node, stack))
      continue
    node.hash ??= hashNode(node)
    stack.pop()
  }
  return hashOf(root)
}

function pushDirtyChildren({ leaf, left, right }: ResidentBranch, stack: ResidentNode[]): boolean {
  const before = stack.length
  if (leaf !== undefined && leaf.hash === undefined) stack.push(leaf)
  if (left !== undefined && left.hash === undefined) stack.push(left)
  if (right !== undefined && right.hash === undefined) stack.push(right)
  return stack.length > before
}

function hashNode(node: ResidentNode): Hash {
  if (node.kind === 'leaf') return hashLeaf(node.key, node.value)
  const { key, start, end, leaf, left, right } = node
  return hashInternal(
    end - start,
    cutBits(key, start, end),
    hashOf(leaf),
    hashOf(left),
    hashOf(right),
  )
}

/** The hash of a hashed node; nothing hashes as empty. */
function hashOf(node: ResidentNode | undefined): Hash {
  return node?.hash ?? EMPTY_HASH
}

/** A pointer to a hashed node. */
export function pointerTo(node: ResidentNode): Pointer
export function pointerTo(node: ResidentNode | undefined): Pointer | undefined
export function pointerTo(node: ResidentNode | undefined): Pointer | undefined {
  return node === undefined ? undefined : { hash: hashOf(node), resident: node }
}

/** A hashed leaf as walks and codecs see it. */
function leafView(leaf: ResidentLeaf): LeafNode {
  return { kind: 'leaf', hash: hashOf(leaf), key: leaf.key, value: leaf.value }
}

/** A hashed node as walks and codecs see it. */
export function nodeView(node: ResidentNode): LeafNode | InternalNode {
  if (node.kind === 'leaf') return leafView(node)
  return {
    kind: 'internal',
    hash: hashOf(node),
    labelBits: node.end - node.start,
    label: cutBits(node.key, node.start, node.end),
    leaf: node.leaf === undefined ? undefined : leafView(node.leaf),
    left: pointerTo(node.left),
    right: pointerTo(node.right),
  }
}

/**
 * Every node that is not stored, or every node at all, children before their parents. Hash the tree
 * first.
 */
export function nodesToStore(root: ResidentNode | undefined, all: boolean): ResidentNode[] {
  const found: ResidentNode[] = []
  const stack: ResidentNode[] = root === undefined ? [] : [root]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.stored && !all) continue
    found.push(node)
    if (node.kind === 'leaf') continue
    if (node.left !== undefined) stack.push(node.left)
    if (node.right !== undefined) stack.push(node.right)
  }
  return found.toReversed()
}

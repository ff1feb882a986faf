import { firstDifference } from '../bytes/bits.ts'
import { equalBytes } from '../bytes/bytes.ts'
import {
  attach,
  newBranch,
  newLeaf,
  slotAt,
  soil,
  type ResidentBranch,
  type ResidentLeaf,
  type ResidentNode,
  type Slot,
} from './resident.ts'

/** The root of a tree in memory, which edits replace. */
export interface RootHolder {
  root: ResidentNode | undefined
}

/**
 * Sets the value of a key and gives its leaf. An unchanged value leaves every hash as it was. Keeps
 * `key` and `value`: pass copies.
 */
export function insertLeaf(tree: RootHolder, key: Uint8Array, value: Uint8Array): ResidentLeaf {
  const path: ResidentBranch[] = []
  const keyBits = key.length * 8
  let slot: Slot = 'leaf'
  let node = tree.root
  while (node !== undefined && node.kind === 'branch') {
    const shared = Math.min(node.end, keyBits)
    const fork = firstDifference(key, node.key, node.start, shared)
    if (fork < node.end) {
      const leaf = newLeaf(key, value)
      replace(tree, path, slot, forked(node, leaf, node.start, fork))
      node.start = fork
      soil(node)
      soilAll(path)
      return leaf
    }
    path.push(node)
    slot = slotAt(key, node.end)
    node = node[slot]
  }
  if (node !== undefined && equalBytes(node.key, key)) return updated(node, value, path)
  const leaf = newLeaf(key, value)
  if (node === undefined) {
    replace(tree, path, slot, leaf)
  } else {
    const depth = path.at(-1)?.end ?? 0
    const fork = firstDifference(key, node.key, depth, Math.min(keyBits, node.key.length * 8))
    replace(tree, path, slot, forked(node, leaf, depth, fork))
  }
  soilAll(path)
  return leaf
}

/** Takes a key out. Gives its leaf, or `undefined` when there was none and nothing changed. */
export function removeLeaf(tree: RootHolder, key: Uint8Array): ResidentLeaf | undefined {
  const path: ResidentBranch[] = []
  let slot: Slot = 'leaf'
  let node = tree.root
  while (node !== undefined && node.kind === 'branch') {
    if (key.length * 8 < node.end) return undefined
    path.push(node)
    slot = slotAt(key, node.end)
    node = node[slot]
  }
  if (node === undefined || !equalBytes(node.key, key)) return undefined
  const parent = path.pop()
  if (parent === undefined) {
    tree.root = undefined
    return node
  }
  parent[slot] = undefined
  const survivor = onlyChild(parent)
  if (survivor === undefined) {
    path.push(parent)
  } else {
    // A leaf that was embedded is stored inside its node only; as a node of its own it is new.
    if (survivor.kind === 'leaf') survivor.stored = false
    else {
      survivor.start = parent.start
      soil(survivor)
    }
    const above = path.at(-1)
    replace(tree, path, above?.left === parent ? 'left' : 'right', survivor)
  }
  soilAll(path)
  return node
}

function updated(
  leaf: ResidentLeaf,
  value: Uint8Array,
  path: readonly ResidentBranch[],
): ResidentLeaf {
  if (!equalBytes(leaf.value, value)) {
    leaf.value = value
    soil(leaf)
    soilAll(path)
  }
  return leaf
}

/** A branch over a node and a new leaf that part at bit `fork`. */
function forked(
  node: ResidentNode,
  leaf: ResidentLeaf,
  start: number,
  fork: number,
): ResidentBranch {
  const branch = newBranch(leaf.key, start, fork)
  attach(branch, slotAt(leaf.key, fork), leaf)
  attach(branch, slotAt(node.key, fork), node)
  return branch
}

function replace(
  tree: RootHolder,
  path: readonly ResidentBranch[],
  slot: Slot,
  node: ResidentNode,
): void {
  const parent = path.at(-1)
  if (parent === undefined) tree.root = node
  else attach(parent, slot, node)
}

function soilAll(path: readonly ResidentBranch[]): void {
  for (const branch of path) soil(branch)
}

/** The only child of a branch that has one child; a branch with more stays. */
function onlyChild({ leaf, left, right }: ResidentBranch): ResidentNode | undefined {
  if (leaf !== undefined) return left === undefined && right === undefined ? leaf : undefined
  if (left !== undefined) return right === undefined ? left : undefined
  return right
}

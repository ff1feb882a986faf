import type { Hash } from '../hash/hash.ts'
import { proofBuilder } from '../proof/builder.ts'
import type { ProofEntry } from '../proof/proof.ts'
import { EMPTY_HASH, type InternalNode, type Pointer, type TreeNode } from '../tree/node.ts'
import type { Walk } from '../tree/walk.ts'

/** Cuts one tree into proofs, each of which opens a stretch of it. */
export interface Chunker {
  /** The entries of the next chunk; `undefined` after the last one. */
  next(): Walk<Iterable<ProofEntry> | undefined>
  /** The level of the deepest proof entry so far, the root's being 0. */
  readonly depth: number
}

/** How a tree is cut. Equal chunks need the same root, the same size and the same threads. */
export interface ChunkerOptions {
  /** A chunk ends with the first leaf that makes its proof reach this size. */
  readonly chunkSize: number
  /** 0 or 1: chunks in key order. More: the tree is first split for so many threads. */
  readonly threads: number
}

/** How often tasks are split before each round. */
const SPLITTING_PASSES = 10

/** What was done with a node that is being worked through. */
type State = 'new' | 'leaf-done' | 'left-started' | 'right-started'

interface Pending {
  /** A node of the tree, or its pointer while it has not been read. */
  node: TreeNode | Pointer
  state: State
}

/** A part of the tree that is cut on its own: the way to it, and what is left of it. */
interface Task {
  readonly path: readonly InternalNode[]
  /** Innermost last. Empty: finished. */
  readonly pending: readonly Pending[]
}

/** A chunker over the tree of a root. */
export function chunkerOf(root: Pointer | undefined, options: ChunkerOptions): Chunker {
  const rootHash = root?.hash ?? EMPTY_HASH
  /** The tasks of this round, in the order of their chunks, and those of the next. */
  let queue: readonly Task[] = []
  let later: Task[] = root === undefined ? [] : [{ path: [], pending: [fresh(root)] }]
  let emptyTreeIsDue = root === undefined
  let depth = 0

  function* next(): Walk<Iterable<ProofEntry> | undefined> {
    if (emptyTreeIsDue) {
      emptyTreeIsDue = false
      return [undefined]
    }
    if (queue.length === 0) {
      queue = yield* splitAll(later, options.threads)
      later = []
    }
    const [task, ...rest] = queue
    if (task === undefined) return undefined
    const cut = yield* cutChunk(task, rootHash, options.chunkSize)
    queue = rest
    depth = Math.max(depth, cut.depth)
    if (cut.rest.pending.length > 0) later.push(cut.rest)
    return cut.entries
  }

  return {
    next,
    get depth() {
      return depth
    },
  }
}

/** Works through a task until its chunk is full; gives the chunk and what is left of the task. */
function* cutChunk(
  task: Task,
  root: Hash,
  chunkSize: number,
): Walk<{ readonly entries: Iterable<ProofEntry>; readonly rest: Task; readonly depth: number }> {
  const builder = proofBuilder(root, 0)
  const pending: Pending[] = []
  for (const node of task.path) builder.include(node)
  for (const { node, state } of task.pending) {
    const read = yield* open(node)
    builder.include(read)
    pending.push({ node: read, state })
  }
  let endsWithLeaf = false
  let depth = task.path.length + pending.length
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    if (endsWithLeaf && builder.sizeBytes >= chunkSize) break
    const node = yield* open(top.node)
    top.node = node
    if (top.state === 'new') {
      builder.include(node)
      endsWithLeaf = node.kind === 'leaf'
      // An internal node has entries of its children below it, also when they are not opened.
      if (!endsWithLeaf) depth = Math.max(depth, task.path.length + pending.length)
    }
    if (node.kind === 'leaf' || top.state === 'right-started') {
      pending.pop()
      continue
    }
    const child = advance(top, node)
    if (child !== undefined) pending.push(fresh(child))
  }
  while (isExhausted(pending.at(-1))) pending.pop()
  return { entries: builder.entries(), rest: { path: task.path, pending }, depth }
}

/** Starts the next part of a node and gives the child it leads to, if there is one. */
function advance(top: Pending, node: InternalNode): TreeNode | Pointer | undefined {
  if (top.state === 'new') {
    top.state = 'leaf-done'
    return node.leaf
  }
  if (top.state === 'leaf-done') {
    top.state = 'left-started'
    return node.left
  }
  top.state = 'right-started'
  return node.right
}

/** Whether nothing below a node is left to do. */
function isExhausted(top: Pending | undefined): boolean {
  if (top === undefined || top.state === 'new' || !isInternal(top.node)) return false
  const { left, right } = top.node
  if (top.state === 'leaf-done') return left === undefined && right === undefined
  return top.state === 'right-started' || right === undefined
}

/** Splits tasks until there is one for every thread, or splitting stops helping. */
function* splitAll(start: readonly Task[], threads: number): Walk<readonly Task[]> {
  let tasks = start
  for (let pass = 0; pass < SPLITTING_PASSES; pass++) {
    const split: Task[] = []
    for (const [i, task] of tasks.entries()) {
      if (split.length + tasks.length - i >= threads) return [...split, ...tasks.slice(i)]
      split.push(...(yield* splitTask(task)))
    }
    tasks = split
  }
  return tasks
}

/**
 * Splits a task at its top node. What is left of the left side comes after the right side: the
 * original's order, which is why the order of chunks is not the order of keys.
 */
function* splitTask(task: Task): Walk<Task[]> {
  const [bottom, ...above] = task.pending
  if (bottom === undefined) return []
  const node = yield* open(bottom.node)
  if (node.kind === 'leaf') return [task]
  const path = [...task.path, node]
  const whole = (child: Pointer): Task => ({ path, pending: [fresh(child)] })
  if (bottom.state === 'new' || bottom.state === 'leaf-done') {
    const children = [node.left, node.right].filter((child) => child !== undefined)
    return children.length === 0 ? [task] : children.map(whole)
  }
  const remaining = { path, pending: above }
  if (bottom.state === 'right-started') return [remaining]
  if (above.length === 0) return [task]
  return node.right === undefined ? [remaining] : [whole(node.right), remaining]
}

function fresh(node: TreeNode | Pointer): Pending {
  return { node, state: 'new' }
}

function* open(node: TreeNode | Pointer): Walk<TreeNode> {
  return 'kind' in node ? node : yield node
}

function isInternal(node: TreeNode | Pointer): node is InternalNode {
  return 'kind' in node && node.kind === 'internal'
}

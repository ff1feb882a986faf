import { equalBytes } from '../bytes/bytes.ts'
import type { ProofEntry } from '../proof/proof.ts'
import type { InternalNode, Pointer, TreeNode } from '../tree/node.ts'
import type { Walk } from '../tree/walk.ts'
import { proofWriter, type ProofWriter } from './proof-writer.ts'

/** Cuts one tree into proofs, each of which opens a stretch of it. */
export interface Chunker {
  /** Gives the entries of the next chunk to `emit`, in order; `false` after the last chunk. */
  next(emit: (entry: ProofEntry) => void): Walk<boolean>
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
  /** Where it hangs below the frame before. */
  readonly side: 0 | 1 | 'embedded'
  /** Whether the proof that is being written has it. */
  entered: boolean
}

/** A part of the tree that is cut on its own: the way to it, and what is left of it. */
interface Task {
  readonly path: readonly InternalNode[]
  /** Innermost last. Empty: finished. */
  readonly pending: readonly Pending[]
}

/** A chunker over the tree of a root. */
export function chunkerOf(root: Pointer | undefined, options: ChunkerOptions): Chunker {
  /** The tasks of this round, in the order of their chunks, and those of the next. */
  let queue: readonly Task[] = []
  let later: Task[] = root === undefined ? [] : [{ path: [], pending: [fresh(root, 0)] }]
  let emptyTreeIsDue = root === undefined
  let depth = 0

  function* next(emit: (entry: ProofEntry) => void): Walk<boolean> {
    if (emptyTreeIsDue) {
      emptyTreeIsDue = false
      emit(undefined)
      return true
    }
    if (queue.length === 0) {
      queue = yield* splitAll(later, options.threads)
      later = []
    }
    const [task, ...rest] = queue
    if (task === undefined) return false
    const cut = yield* cutChunk(task, options.chunkSize, proofWriter(emit))
    queue = rest
    depth = Math.max(depth, cut.depth)
    if (cut.rest.pending.length > 0) later.push(cut.rest)
    return true
  }

  return {
    next,
    get depth() {
      return depth
    },
  }
}

/** Works through a task until its chunk is full; gives what is left of the task. */
function* cutChunk(
  task: Task,
  chunkSize: number,
  proof: ProofWriter,
): Walk<{ readonly rest: Task; readonly depth: number }> {
  const pending = yield* reopen(task, proof)
  let endsWithLeaf = false
  let depth = task.path.length + pending.length
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    if (endsWithLeaf && proof.sizeBytes >= chunkSize) break
    if (top.state === 'right-started') {
      proof.leave()
      pending.pop()
      continue
    }
    const node = yield* open(top.node)
    top.node = node
    if (top.state === 'new') {
      if (top.side === 'embedded') countLeaf(proof, node)
      else if (!top.entered) proof.enter(node, top.side)
      endsWithLeaf = node.kind === 'leaf'
      if (node.kind === 'leaf') {
        pending.pop()
        continue
      }
      // An internal node has entries of its children below it, also when they are not opened.
      depth = Math.max(depth, task.path.length + pending.length)
    }
    if (node.kind === 'leaf') continue
    const child = advance(top, node)
    if (child !== undefined) pending.push(child)
  }
  proof.finish()
  while (isExhausted(pending.at(-1))) pending.pop()
  for (const frame of pending) frame.entered = false
  return { rest: { path: task.path, pending }, depth }
}

/** Writes the way to what is left of a task into a new proof. */
function* reopen(task: Task, proof: ProofWriter): Walk<Pending[]> {
  const pending: Pending[] = []
  let parent: InternalNode | undefined
  for (const node of task.path) {
    proof.enter(node, sideBelow(parent, node))
    parent = node
  }
  for (const frame of task.pending) {
    const node = yield* open(frame.node)
    const side = sideBelow(parent, node)
    proof.enter(node, side)
    pending.push({ node, side, state: frame.state, entered: true })
    if (node.kind === 'internal') parent = node
  }
  return pending
}

function sideBelow(parent: InternalNode | undefined, child: TreeNode): 0 | 1 {
  return parent?.right !== undefined && equalBytes(parent.right.hash, child.hash) ? 1 : 0
}

function countLeaf(proof: ProofWriter, node: TreeNode): void {
  if (node.kind === 'leaf') proof.count(node)
}

/** Starts the next part of a node and gives the child it leads to, if there is one. */
function advance(top: Pending, node: InternalNode): Pending | undefined {
  if (top.state === 'new') {
    top.state = 'leaf-done'
    return node.leaf && fresh(node.leaf, 'embedded')
  }
  if (top.state === 'leaf-done') {
    top.state = 'left-started'
    return node.left && fresh(node.left, 0)
  }
  top.state = 'right-started'
  return node.right && fresh(node.right, 1)
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
  const whole = (child: Pointer): Task => ({ path, pending: [fresh(child, 0)] })
  if (bottom.state === 'new' || bottom.state === 'leaf-done') {
    const children = [node.left, node.right].filter((child) => child !== undefined)
    return children.length === 0 ? [task] : children.map(whole)
  }
  const remaining = { path, pending: above }
  if (bottom.state === 'right-started') return [remaining]
  if (above.length === 0) return [task]
  return node.right === undefined ? [remaining] : [whole(node.right), remaining]
}

function fresh(node: TreeNode | Pointer, side: Pending['side']): Pending {
  return { node, state: 'new', side, entered: false }
}

function* open(node: TreeNode | Pointer): Walk<TreeNode> {
  return 'kind' in node ? node : yield node
}

function isInternal(node: TreeNode | Pointer): node is InternalNode {
  return 'kind' in node && node.kind === 'internal'
}

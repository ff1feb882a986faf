import { err, ok, type AsyncResult, type Result } from '@tidemark/core'
import type { Pointer, TreeNode } from './node.ts'

/**
 * A computation over a tree that asks for the nodes it needs: it yields a pointer and is given the
 * node. So one walk serves trees in memory, stored trees, and the partial trees of proofs.
 */
export type Walk<T> = Generator<Pointer, T, TreeNode>

/** Runs a walk on nodes that are at hand. */
export function runWalk<T, E>(
  walk: Walk<T>,
  read: (pointer: Pointer) => Result<TreeNode, E>,
): Result<T, E> {
  let step = firstStep(walk)
  while (step.done !== true) {
    const node = read(step.value)
    if (!node.ok) return node
    step = walk.next(node.value)
  }
  return ok(step.value)
}

/** Gives a node: at once when it is at hand, or when it has been fetched. */
export type ReadNode<E> = (pointer: Pointer) => TreeNode | Promise<Result<TreeNode, E>>

/** Runs a walk on nodes some of which must be fetched. */
export async function runStoredWalk<T, E>(walk: Walk<T>, read: ReadNode<E>): AsyncResult<T, E> {
  let step = firstStep(walk)
  while (step.done !== true) {
    const node = read(step.value)
    if ('kind' in node) {
      step = walk.next(node)
      continue
    }
    const fetched = await node
    if (!fetched.ok) return err(fetched.error)
    step = walk.next(fetched.value)
  }
  return ok(step.value)
}

/** Goes to the first question. What a generator is given then has no meaning to it. */
function firstStep<T>(walk: Walk<T>): IteratorResult<Pointer, T> {
  return walk[Symbol.iterator]().next(NO_NODE)
}

const NO_NODE: TreeNode = {
  kind: 'leaf',
  hash: new Uint8Array(0),
  key: new Uint8Array(0),
  value: new Uint8Array(0),
}

import { err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import type { NodeDb, NodeDbError } from '../db/node-db.ts'
import { HASHES_PER_READ } from '../db/tagged-nodes.ts'
import type { Root } from '../record/root.ts'
import type { Pointer, TreeNode } from './node.ts'
import type { ReadNode } from './walk.ts'

/** So much waits to be visited. Only values larger than all of late may make it more, once. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** How much of the largest node of late is still expected after a read that had none. */
const KEPT_EXPECTATION = 7 / 8
/** A node's objects, beside its key and value. */
const NODE_BYTES = 512

/**
 * The nodes of a stored tree for a walk that visits all of it from left to right: those that come
 * next are read together with the one that is asked for. A database answers many questions at once
 * several times as fast as one by one.
 *
 * Beside the nodes that wait, a pointer is held for each child that has been seen and not read:
 * some dozens for each level of the tree, for each stretch that is walked in turn.
 */
export function readAhead(db: NodeDb, root: Root, options?: CallOptions): ReadNode<NodeDbError> {
  const waiting = new Map<Pointer, TreeNode>()
  let waitingBytes = 0
  let expectedBytes = NODE_BYTES
  /** Seen and not read, in the order of the walk, the next one last. */
  const ahead: Pointer[] = []

  async function readFrom(pointer: Pointer): AsyncResult<TreeNode, NodeDbError> {
    const known = ahead.lastIndexOf(pointer)
    const end = known < 0 ? ahead.push(pointer) : known + 1
    const room = Math.max(1, Math.floor((MAX_WAITING_BYTES - waitingBytes) / expectedBytes))
    const start = Math.max(0, end - Math.min(room, HASHES_PER_READ))
    const asked = ahead.slice(start, end)
    const nodes = await db.getNodes(root, asked, options)
    if (!nodes.ok) return err(nodes.error)
    const children: Pointer[] = []
    expectedBytes *= KEPT_EXPECTATION
    for (const [i, node] of nodes.value.entries()) {
      const from = asked[i]
      if (from !== undefined) waiting.set(from, node)
      waitingBytes += sizeOf(node)
      expectedBytes = Math.max(expectedBytes, sizeOf(node))
      if (node.kind === 'leaf') continue
      if (node.right !== undefined) children.push(node.right)
      if (node.left !== undefined) children.push(node.left)
    }
    ahead.splice(start, asked.length, ...children)
    const node = take(pointer)
    return node === undefined ? db.getNode(root, pointer, options) : ok(node)
  }

  function take(pointer: Pointer): TreeNode | undefined {
    const node = waiting.get(pointer)
    if (node === undefined) return undefined
    waiting.delete(pointer)
    waitingBytes -= sizeOf(node)
    return node
  }

  return (pointer) => take(pointer) ?? readFrom(pointer)
}

function sizeOf(node: TreeNode): number {
  const leaf = node.kind === 'leaf' ? node : node.leaf
  return NODE_BYTES + (leaf === undefined ? 0 : leaf.key.length + leaf.value.length)
}

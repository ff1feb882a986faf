import type { LeafNode, Pointer, TreeNode } from './node.ts'
import type { Walk } from './walk.ts'

/** Visits all leaves in order of their keys, until `visit` says `false`. */
export function* visitLeaves(
  root: Pointer | undefined,
  visit: (leaf: LeafNode) => boolean,
): Walk<void> {
  const stack: Pointer[] = root === undefined ? [] : [root]
  for (let pointer = stack.pop(); pointer !== undefined; pointer = stack.pop()) {
    const node: TreeNode = yield pointer
    const leaf = node.kind === 'leaf' ? node : node.leaf
    if (leaf !== undefined && !visit(leaf)) return
    if (node.kind === 'leaf') continue
    if (node.right !== undefined) stack.push(node.right)
    if (node.left !== undefined) stack.push(node.left)
  }
}

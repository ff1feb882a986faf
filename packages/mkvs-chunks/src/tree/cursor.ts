import { appendBit, bitAt, cutBits, joinBits } from '../bytes/bits.ts'
import { compareBytes } from '../bytes/bytes.ts'
import type { LeafNode, Pointer, TreeNode } from './node.ts'
import type { Walk } from './walk.ts'

/**
 * A place in a tree's order of keys that moves forward only, and visits exactly the nodes that the
 * original visits: they make the proof of an iteration.
 */
export interface Cursor {
  /** Goes to the first leaf whose key is not before this one. */
  seek(key: Uint8Array): Walk<LeafNode | undefined>
  /** Goes to the next leaf. */
  next(): Walk<LeafNode | undefined>
}

/** What is left to try in a node: everything, its left side, its right side, or nothing. */
type Phase = 'before' | 'leaf-done' | 'left-done' | 'finished'

interface Frame {
  readonly pointer: Pointer | LeafNode
  readonly depth: number
  /** The bits that lead here, zero-padded. */
  readonly path: Uint8Array
  phase: Phase
  /** What is sought below here: narrowed while the node is worked through. */
  key: Uint8Array
}

/** A cursor over a tree; `visit` is told of every node it looks at. */
export function cursorOver(root: Pointer | undefined, visit: (node: TreeNode) => void): Cursor {
  /** The way to the current leaf. */
  let stack: Frame[] = []
  let current: LeafNode | undefined

  function* run(): Walk<LeafNode | undefined> {
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const node = 'kind' in frame.pointer ? frame.pointer : yield frame.pointer
      visit(node)
      if (node.kind === 'leaf') {
        stack.pop()
        if (compareBytes(node.key, frame.key) >= 0) return node
        continue
      }
      const child = step(frame, node.labelBits, node.label, node)
      if (child === undefined) stack.pop()
      else stack.push(child)
    }
    return undefined
  }

  function* seek(key: Uint8Array): Walk<LeafNode | undefined> {
    stack = root === undefined ? [] : [frameAt(root, 0, new Uint8Array(0), key)]
    current = yield* run()
    return current
  }

  function* next(): Walk<LeafNode | undefined> {
    if (current === undefined) return undefined
    for (const frame of stack) frame.key = current.key
    current = yield* run()
    return current
  }

  return { seek, next }
}

/** The next child to try in an internal node, or `undefined` when there is none. */
function step(
  frame: Frame,
  labelBits: number,
  label: Uint8Array,
  node: {
    readonly leaf: LeafNode | undefined
    readonly left: Pointer | undefined
    readonly right: Pointer | undefined
  },
): Frame | undefined {
  const end = frame.depth + labelBits
  const path = joinBits(frame.path, frame.depth, label, labelBits)
  const keyBits = frame.key.length * 8
  const ends = keyBits <= end
  const all = end > 0 && keyBits >= end && compareBytes(frame.key, path) < 0
  if (frame.phase === 'before') {
    frame.phase = 'leaf-done'
    if ((ends || all) && node.leaf !== undefined) return frameAt(node.leaf, end, path, frame.key)
  }
  if (frame.phase === 'leaf-done') {
    const key = ends ? appendBit(cutBits(frame.key, 0, keyBits), end, 0) : frame.key
    if (bitAt(key, end) === 1 && !all) {
      frame.phase = 'finished'
      return node.right && frameAt(node.right, end, path, key)
    }
    frame.phase = 'left-done'
    if (node.left !== undefined) return frameAt(node.left, end, path, key)
  }
  if (frame.phase === 'left-done') {
    frame.phase = 'finished'
    const key = appendBit(cutBits(padded(frame.key, end), 0, end), end, 1)
    if (node.right !== undefined) return frameAt(node.right, end, path, key)
  }
  return undefined
}

function frameAt(
  pointer: Pointer | LeafNode,
  depth: number,
  path: Uint8Array,
  key: Uint8Array,
): Frame {
  return { pointer, depth, path, phase: 'before', key }
}

/** A key with at least so many bits, zeros appended. */
function padded(key: Uint8Array, bits: number): Uint8Array {
  return key.length * 8 >= bits ? key : cutBits(key, 0, bits)
}

import { hash as hashOf } from '#hash'
import { NO_BYTES } from '../bytes/bytes.ts'
import type { Hash } from '../hash/hash.ts'

/** The hash of no bytes: stands for "no node" and is the root of an empty tree. */
export const EMPTY_HASH: Hash = hashOf(NO_BYTES)

/** The longest key, in bytes: one more overflows the 16-bit depth of the format. */
export const MAX_KEY_BYTES = 8191

/** The deepest position, in bits: the end of the longest key. */
export const MAX_DEPTH_BITS: number = MAX_KEY_BYTES * 8

/** Where a node is: its hash, and the node itself when it is at hand. */
export interface Pointer {
  readonly hash: Hash
  /** The node in memory, for whoever made the pointer. */
  readonly resident?: object
}

/** A key and its value. */
export interface LeafNode {
  readonly kind: 'leaf'
  readonly hash: Hash
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The serialised leaf, if it was read from bytes. */
  readonly compact?: Uint8Array
}

/**
 * A fork, or a key that other keys extend.
 *
 * The label is the bit string on the edge that leads here, the branch bit included. A canonical
 * node has at least two of leaf, left and right.
 */
export interface InternalNode {
  readonly kind: 'internal'
  readonly hash: Hash
  readonly labelBits: number
  readonly label: Uint8Array
  /** The key that ends exactly here. */
  readonly leaf: LeafNode | undefined
  /** Only in a proof of version 1: there is an embedded leaf, and the proof does not open it. */
  readonly shutLeaf?: Pointer
  readonly left: Pointer | undefined
  readonly right: Pointer | undefined
  /** The compact form of version 0, if the node was read from bytes. */
  readonly compact?: Uint8Array
}

/** A node of the tree, as walks and codecs see it. */
export type TreeNode = LeafNode | InternalNode

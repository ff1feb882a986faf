import { err, ok, type Result } from '@tidemark/core'
import { bytesForBits, hasClearPadding } from '../bytes/bits.ts'
import { byteAt, equalBytes } from '../bytes/bytes.ts'
import { takeBytes } from '../bytes/slab.ts'
import { HASH_BYTES } from '../hash/hash.ts'
import { hashInternal, hashLeaf } from './node-hash.ts'
import {
  EMPTY_HASH,
  MAX_DEPTH_BITS,
  MAX_KEY_BYTES,
  type InternalNode,
  type LeafNode,
  type Pointer,
  type TreeNode,
} from './node.ts'

/** First byte of a serialised leaf. */
export const LEAF = 0x00
const INTERNAL = 0x01
/** In the place of an embedded leaf: there is none. */
const NO_LEAF = 0x02

/** What a serialised node says of itself; a compact form does not know its children. */
export type ParsedNode =
  | LeafNode
  | {
      readonly kind: 'internal'
      readonly labelBits: number
      readonly label: Uint8Array
      readonly leaf: LeafNode | undefined
      /** The bytes up to here: the compact form. */
      readonly compact: Uint8Array
      /** Where the embedded leaf ends: the children's hashes follow in the full form. */
      readonly end: number
    }

/** Serialises a node as node databases keep it: children by their hashes. */
export function encodeNode(node: TreeNode): Uint8Array {
  if (node.kind === 'leaf' && node.compact !== undefined) return node.compact
  const bytes = takeBytes(nodeLength(node))
  writeNode(bytes, 0, node)
  return bytes
}

/** How many bytes {@link writeNode} writes. */
export function nodeLength(node: TreeNode): number {
  if (node.kind === 'leaf') return leafLength(node)
  return compactLength(node, node.leaf) + 2 * HASH_BYTES
}

/** Writes a node as node databases keep it. */
export function writeNode(bytes: Uint8Array, at: number, node: TreeNode): void {
  if (node.kind === 'leaf') {
    if (node.compact === undefined) writeLeaf(bytes, at, node)
    else bytes.set(node.compact, at)
    return
  }
  const children = at + compactLength(node, node.leaf)
  if (node.compact === undefined) writeCompact(bytes, at, node, node.leaf)
  else bytes.set(node.compact, at)
  bytes.set(hashAt(node.left), children)
  bytes.set(hashAt(node.right), children + HASH_BYTES)
}

/** Serialises a node as proofs carry it; version 1 leaves the embedded leaf out. */
export function encodeCompact(node: TreeNode, proofVersion: 0 | 1): Uint8Array {
  if (node.kind === 'leaf') return encodeLeaf(node)
  if (proofVersion === 0 && node.compact !== undefined) return node.compact
  const embedded = proofVersion === 0 ? node.leaf : undefined
  const bytes = takeBytes(compactLength(node, embedded))
  writeCompact(bytes, 0, node, embedded)
  return bytes
}

function compactLength({ labelBits }: InternalNode, embedded: LeafNode | undefined): number {
  return 3 + bytesForBits(labelBits) + (embedded === undefined ? 1 : leafLength(embedded))
}

/** 01 | u16 label bits | label | the embedded leaf, or 02. */
function writeCompact(
  bytes: Uint8Array,
  at: number,
  { labelBits, label }: InternalNode,
  embedded: LeafNode | undefined,
): void {
  const leafAt = at + 3 + bytesForBits(labelBits)
  bytes[at] = INTERNAL
  bytes[at + 1] = labelBits & 0xff
  bytes[at + 2] = labelBits >>> 8
  bytes.set(label, at + 3)
  if (embedded === undefined) bytes[leafAt] = NO_LEAF
  else writeLeaf(bytes, leafAt, embedded)
}

/** Reads a node that a node database keeps, and recomputes its hash. */
export function decodeNode(bytes: Uint8Array, strict: boolean): Result<TreeNode, string> {
  const parsed = parseNode(bytes, 0, strict)
  if (!parsed.ok || parsed.value.kind === 'leaf') return asNode(parsed)
  const { labelBits, label, leaf, compact, end } = parsed.value
  const rest = bytes.length - end
  if (rest < 2 * HASH_BYTES) return err('malformed node: children missing')
  if (strict && rest > 2 * HASH_BYTES) return err('malformed node: bytes left over')
  const left = pointerAt(bytes, end)
  const right = pointerAt(bytes, end + HASH_BYTES)
  const hash = hashInternal(labelBits, label, hashAt(leaf), hashAt(left), hashAt(right))
  return ok({ kind: 'internal', hash, labelBits, label, leaf, left, right, compact })
}

/** An internal node of these parts, hashed. */
export function internalNode(parts: Omit<InternalNode, 'kind' | 'hash'>): InternalNode {
  const { labelBits, label, leaf, shutLeaf, left, right } = parts
  const embedded = hashAt(leaf ?? shutLeaf)
  const hash = hashInternal(labelBits, label, embedded, hashAt(left), hashAt(right))
  return { kind: 'internal', hash, ...parts }
}

/** A leaf of this key and value, hashed. */
export function leafNode(key: Uint8Array, value: Uint8Array): LeafNode {
  return { kind: 'leaf', hash: hashLeaf(key, value), key, value }
}

/**
 * Reads the serialised node of any form that begins at `start`. The parts are views of `bytes`.
 *
 * `strict` refuses what an honest writer never makes: bytes after a leaf and set padding bits.
 */
export function parseNode(
  bytes: Uint8Array,
  start: number,
  strict: boolean,
): Result<ParsedNode, string> {
  if (bytes.length < start + 2) return err('malformed node: too short')
  if (byteAt(bytes, start) === LEAF) return parseLeaf(bytes, start, strict)
  if (byteAt(bytes, start) !== INTERNAL) return err('malformed node: unknown kind')
  if (bytes.length < start + 4) return err('malformed node: too short')
  const labelBits = byteAt(bytes, start + 1) | (byteAt(bytes, start + 2) << 8)
  const leafAt = start + 3 + bytesForBits(labelBits)
  if (leafAt >= bytes.length) return err('malformed node: label past the end')
  if (labelBits > MAX_DEPTH_BITS) return err('malformed node: label too long')
  const label = bytes.subarray(start + 3, leafAt)
  if (strict && !hasClearPadding(label, labelBits)) return err('malformed node: label padding')
  let leaf: LeafNode | undefined
  let end = leafAt + 1
  if (byteAt(bytes, leafAt) !== NO_LEAF) {
    const embedded = parseLeaf(bytes, leafAt, false)
    if (!embedded.ok) return embedded
    leaf = embedded.value
    end = leafAt + leafLength(leaf)
  }
  const compact = bytes.subarray(start, end)
  return ok({ kind: 'internal', labelBits, label, leaf, compact, end })
}

function parseLeaf(bytes: Uint8Array, start: number, exact: boolean): Result<LeafNode, string> {
  if (bytes.length < start + 7 || byteAt(bytes, start) !== LEAF) {
    return err('malformed node: no leaf')
  }
  const keyLength = byteAt(bytes, start + 1) | (byteAt(bytes, start + 2) << 8)
  const valueAt = start + 7 + keyLength
  if (valueAt > bytes.length) return err('malformed key: past the end')
  if (keyLength > MAX_KEY_BYTES) return err('malformed key: too long')
  const end = valueAt + readUint32(bytes, start + 3 + keyLength)
  if (end > bytes.length) return err('malformed node: value past the end')
  if (exact && end < bytes.length) return err('malformed node: bytes left over')
  const key = bytes.subarray(start + 3, start + 3 + keyLength)
  const value = bytes.subarray(valueAt, end)
  const hash = hashLeaf(key, value)
  return ok({ kind: 'leaf', hash, key, value, compact: bytes.subarray(start, end) })
}

function encodeLeaf(leaf: LeafNode): Uint8Array {
  if (leaf.compact !== undefined) return leaf.compact
  const bytes = takeBytes(leafLength(leaf))
  writeLeaf(bytes, 0, leaf)
  return bytes
}

/** 00 | u16 key length | key | u32 value length | value, lengths little-endian. */
function writeLeaf(bytes: Uint8Array, at: number, { key, value }: LeafNode): void {
  bytes[at] = LEAF
  bytes[at + 1] = key.length & 0xff
  bytes[at + 2] = key.length >>> 8
  bytes.set(key, at + 3)
  const lengthAt = at + 3 + key.length
  for (let i = 0; i < 4; i++) bytes[lengthAt + i] = (value.length >>> (8 * i)) & 0xff
  bytes.set(value, lengthAt + 4)
}

function leafLength({ key, value }: LeafNode): number {
  return 7 + key.length + value.length
}

function readUint32(bytes: Uint8Array, at: number): number {
  const low = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16)
  return low + byteAt(bytes, at + 3) * 0x100_0000
}

function hashAt(pointer: Pointer | undefined): Uint8Array {
  return pointer === undefined ? EMPTY_HASH : pointer.hash
}

function pointerAt(bytes: Uint8Array, at: number): Pointer | undefined {
  const hash = bytes.subarray(at, at + HASH_BYTES)
  return equalBytes(hash, EMPTY_HASH) ? undefined : { hash }
}

function asNode(parsed: Result<ParsedNode, string>): Result<TreeNode, string> {
  if (!parsed.ok) return parsed
  return parsed.value.kind === 'leaf' ? ok(parsed.value) : err('malformed node: no children')
}

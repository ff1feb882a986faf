import { hash } from '#hash'
import { bytesForBits } from '../bytes/bits.ts'
import { HASH_BYTES, type Hash } from '../hash/hash.ts'

/** Nodes up to this size are put together in one reused buffer. */
const SCRATCH_BYTES = 16 * 1024
const scratch = new Uint8Array(SCRATCH_BYTES)

/** H(00 | u32 key length | key | u32 value length | value), lengths little-endian. */
export function hashLeaf(key: Uint8Array, value: Uint8Array): Hash {
  const length = 9 + key.length + value.length
  const bytes = preimage(length)
  bytes[0] = 0x00
  writeUint32(bytes, 1, key.length)
  bytes.set(key, 5)
  writeUint32(bytes, 5 + key.length, value.length)
  bytes.set(value, 9 + key.length)
  return hash(bytes.subarray(0, length))
}

/** H(01 | u16 label bits | label | h(embedded leaf) | h(left) | h(right)). */
export function hashInternal(
  labelBits: number,
  label: Uint8Array,
  leaf: Hash,
  left: Hash,
  right: Hash,
): Hash {
  const children = 3 + bytesForBits(labelBits)
  const length = children + 3 * HASH_BYTES
  const bytes = preimage(length)
  bytes[0] = 0x01
  bytes[1] = labelBits & 0xff
  bytes[2] = labelBits >>> 8
  bytes.set(label, 3)
  bytes.set(leaf, children)
  bytes.set(left, children + HASH_BYTES)
  bytes.set(right, children + 2 * HASH_BYTES)
  return hash(bytes.subarray(0, length))
}

function preimage(length: number): Uint8Array {
  return length <= SCRATCH_BYTES ? scratch : new Uint8Array(length)
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
  bytes[at + 2] = (value >>> 16) & 0xff
  bytes[at + 3] = value >>> 24
}

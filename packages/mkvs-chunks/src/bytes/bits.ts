import { byteAt, copyBytes } from './bytes.ts'

// Bit 0 of a byte string is the most significant bit of its first byte. A bit string of n bits is
// kept in ceil(n / 8) bytes, left-aligned, and the unused low bits of the last byte are zero: they
// enter hashes.

/** How many bytes hold so many bits. */
export function bytesForBits(bits: number): number {
  return (bits + 7) >>> 3
}

/** The bit at a position: 0 or 1. Past the end it is 0. */
export function bitAt(bytes: Uint8Array, bit: number): 0 | 1 {
  return ((byteAt(bytes, bit >>> 3) >>> (7 - (bit & 7))) & 1) === 1 ? 1 : 0
}

/** A copy in which one bit is set to a value. */
export function withBit(bytes: Uint8Array, bit: number, value: 0 | 1): Uint8Array {
  const copy = copyBytes(bytes)
  const mask = 0x80 >>> (bit & 7)
  const index = bit >>> 3
  copy[index] = value === 1 ? byteAt(copy, index) | mask : byteAt(copy, index) & ~mask
  return copy
}

/**
 * The first `bits` bits and one more. Bits of the last byte that follow the new one stay as they
 * were, as in the original.
 */
export function appendBit(bytes: Uint8Array, bits: number, value: 0 | 1): Uint8Array {
  const grown = new Uint8Array(bytesForBits(bits + 1))
  grown.set(bytes.subarray(0, bytesForBits(bits)))
  return withBit(grown, bits, value)
}

/** The bits from `from` (inclusive) to `to` (exclusive) as a bit string of their own. */
export function cutBits(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const length = bytesForBits(to - from)
  const cut = new Uint8Array(length)
  const start = from >>> 3
  const shift = from & 7
  for (let i = 0; i < length; i++) {
    const high = byteAt(bytes, start + i) << shift
    cut[i] = shift === 0 ? high : high | (byteAt(bytes, start + i + 1) >>> (8 - shift))
  }
  clearPadding(cut, to - from)
  return cut
}

/** The first `aBits` bits of `a`, then the first `bBits` bits of `b`. */
export function joinBits(a: Uint8Array, aBits: number, b: Uint8Array, bBits: number): Uint8Array {
  const joined = new Uint8Array(bytesForBits(aBits + bBits))
  joined.set(a.subarray(0, bytesForBits(aBits)))
  writeBits(joined, aBits, b, bBits)
  return joined
}

/** Writes the first `bits` bits of `source` at bit `at`, and zeros to the end of the last byte. */
export function writeBits(target: Uint8Array, at: number, source: Uint8Array, bits: number): void {
  const first = at >>> 3
  const shift = at & 7
  const end = bytesForBits(at + bits)
  clearPadding(target.subarray(0, bytesForBits(at)), at)
  if (shift !== 0) target.fill(0, first + 1, end)
  const length = bytesForBits(bits)
  for (let i = 0; i < length; i++) {
    const byte = byteAt(source, i)
    const index = first + i
    target[index] = shift === 0 ? byte : byteAt(target, index) | (byte >>> shift)
    if (shift !== 0 && index + 1 < end) target[index + 1] = (byte << (8 - shift)) & 0xff
  }
  clearPadding(target.subarray(0, end), at + bits)
}

/** Whether the unused low bits of a bit string's last byte are zero. */
export function hasClearPadding(bytes: Uint8Array, bits: number): boolean {
  const unused = -bits & 7
  return unused === 0 || (byteAt(bytes, bytesForBits(bits) - 1) & ((1 << unused) - 1)) === 0
}

/**
 * The position of the first bit in which two byte strings differ, looking from bit `from` and not
 * past bit `to`. The bits before `from` are taken as equal; both strings have `to` bits.
 */
export function firstDifference(a: Uint8Array, b: Uint8Array, from: number, to: number): number {
  const last = bytesForBits(to)
  for (let i = from >>> 3; i < last; i++) {
    let difference = byteAt(a, i) ^ byteAt(b, i)
    if (i === from >>> 3) difference &= 0xff >>> (from & 7)
    if (difference !== 0) return Math.min(to, i * 8 + Math.clz32(difference) - 24)
  }
  return to
}

function clearPadding(bytes: Uint8Array, bits: number): void {
  const unused = -bits & 7
  if (unused === 0) return
  const index = bytesForBits(bits) - 1
  bytes[index] = byteAt(bytes, index) & (0xff << unused)
}

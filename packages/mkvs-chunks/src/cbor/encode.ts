import { concatBytes } from '../bytes/bytes.ts'

// Deterministic CBOR: shortest heads, definite lengths, no tags. Records are put together from
// parts, in the order their fields are encoded (by length of the encoded name, then bytes).

/** The null item. */
export const CBOR_NULL: Uint8Array = Uint8Array.of(0xf6)

/** An unsigned integer. */
export function cborUint(value: number | bigint): Uint8Array {
  return head(0, BigInt(value))
}

/** A byte string. */
export function cborBytes(bytes: Uint8Array): Uint8Array {
  return concatBytes([head(2, BigInt(bytes.length)), bytes])
}

/** A text string. */
export function cborText(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  return concatBytes([head(3, BigInt(bytes.length)), bytes])
}

/** An array of encoded items. */
export function cborArray(items: readonly Uint8Array[]): Uint8Array {
  return concatBytes([head(4, BigInt(items.length)), ...items])
}

/** A map of encoded values; the caller lists the names in canonical order. */
export function cborMap(fields: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts = fields.flatMap(([name, value]) => [cborText(name), value])
  return concatBytes([head(5, BigInt(fields.length)), ...parts])
}

/** The head of an item: its major type and its length or value, as short as can be. */
function head(major: number, value: bigint): Uint8Array {
  if (value < 24n) return Uint8Array.of((major << 5) | Number(value))
  const size = value < 0x100n ? 1 : value < 0x1_0000n ? 2 : value < 0x1_0000_0000n ? 4 : 8
  const bytes = new Uint8Array(1 + size)
  bytes[0] = (major << 5) | (24 + Math.log2(size))
  for (let i = 0; i < size; i++) bytes[size - i] = Number((value >> BigInt(8 * i)) & 0xffn)
  return bytes
}

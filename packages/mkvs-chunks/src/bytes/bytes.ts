/** No bytes. */
export const NO_BYTES: Uint8Array = new Uint8Array(0)

/** Whether two byte strings are equal. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}

/** Orders byte strings: byte by byte, a string before its extensions. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = byteAt(a, i) - byteAt(b, i)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Whether a byte string begins with another. */
export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && equalBytes(bytes.subarray(0, prefix.length), prefix)
}

/** The byte at an index that is known to be inside. */
export function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0
}

/**
 * A copy that nobody else holds. Not `slice()`: of a platform's own kind of byte array that is a
 * view of the same memory.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

/** One byte string after another. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

const HEX_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hex digits. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX_DIGITS[byte] ?? ''
  return text
}

/** The bytes of hex digits in either case, or `undefined` when the text is anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  }
  return bytes
}

/** A byte string as a map key: one character per byte. For short strings. */
export function mapKey(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += MAP_KEY_STEP) {
    text += String.fromCharCode(...bytes.subarray(at, at + MAP_KEY_STEP))
  }
  return text
}

/** So many arguments are safe on every JavaScript stack. */
const MAP_KEY_STEP = 1024

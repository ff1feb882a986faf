import { createHash, createHmac, hash, randomFillSync, timingSafeEqual } from 'node:crypto'
import type { Sha256 } from './portable.ts'

/** SHA-256 of one piece of bytes, by the platform's own code. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return plain(hash('sha256', bytes, 'buffer'))
}

/** SHA-256 over many pieces. */
export function sha256Stream(): Sha256 {
  const state = createHash('sha256')
  return { update: (bytes) => void state.update(bytes), digest: () => plain(state.digest()) }
}

/** HMAC-SHA-256 (RFC 2104) of one piece of bytes. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return plain(createHmac('sha256', key).update(bytes).digest())
}

/** HKDF-SHA-256 (RFC 5869): a key of `length` bytes for one purpose, from a secret. */
export function hkdfSha256(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  // By its two steps of HMAC: the platform's own takes ten times as long to begin.
  const pseudoRandomKey = hmacSha256(salt, secret)
  const output = new Uint8Array(length)
  let block: Uint8Array = new Uint8Array()
  for (let at = 0, n = 1; at < length; at += block.length, n++) {
    const hmac = createHmac('sha256', pseudoRandomKey)
    block = plain(hmac.update(block).update(info).update(Uint8Array.of(n)).digest())
    output.set(block.subarray(0, length - at), at)
  }
  return output
}

/** Whether two tags are the same, in a time that tells nothing of where they differ. */
export function equalTags(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Asking the platform costs 20 µs, whatever the size: a nonce per commit is cut from a supply. */
const supply = new Uint8Array(4096)
let used = supply.length

/** Fills `length` bytes from the platform's secure source of randomness. */
export function randomBytes(length: number): Uint8Array {
  if (length > supply.length) return randomFillSync(new Uint8Array(length))
  if (used + length > supply.length) {
    randomFillSync(supply)
    used = 0
  }
  used += length
  return supply.slice(used - length, used)
}

/** The same bytes as a plain `Uint8Array`, so that no platform type leaves this file. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

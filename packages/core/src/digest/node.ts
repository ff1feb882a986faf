import { createHash, randomFillSync } from 'node:crypto'
import type { Sha256 } from './portable.ts'

/** SHA-256 of one piece of bytes, by the platform's own code. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return plain(createHash('sha256').update(bytes).digest())
}

/** SHA-256 over many pieces. */
export function sha256Stream(): Sha256 {
  const hash = createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: () => plain(hash.digest()) }
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

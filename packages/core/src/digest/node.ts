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

/** Fills `length` bytes from the platform's secure source of randomness. */
export function randomBytes(length: number): Uint8Array {
  return randomFillSync(new Uint8Array(length))
}

/** The same bytes as a plain `Uint8Array`, so that no platform type leaves this file. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

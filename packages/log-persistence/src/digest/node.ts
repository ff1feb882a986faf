import { hash, randomFillSync } from 'node:crypto'

/** SHA-256 of bytes, by the platform's own code. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const digest = hash('sha256', bytes, 'buffer')
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.byteLength)
}

/** Randomness is drawn in pieces of this size: asking for each 16 bytes costs as much as a write. */
const POOL_BYTES = 4096

const pool = { bytes: new Uint8Array(), used: 0 }

/** `length` bytes, up to 64, from the platform's secure source of randomness; each given out once. */
export function randomBytes(length: number): Uint8Array {
  if (pool.used + length > pool.bytes.length) {
    pool.bytes = randomFillSync(new Uint8Array(POOL_BYTES))
    pool.used = 0
  }
  pool.used += length
  return pool.bytes.slice(pool.used - length, pool.used)
}

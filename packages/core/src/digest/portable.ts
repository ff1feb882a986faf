import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** A SHA-256 in progress. */
export interface Sha256 {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

/** SHA-256 of one piece of bytes. Portable: runs wherever JavaScript runs. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}

/** SHA-256 over many pieces. */
export function sha256Stream(): Sha256 {
  const hash = nobleSha256.create()
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
}

/** More than this the platform refuses to give at once. */
const MAX_RANDOM_BYTES = 65_536

/** Fills `length` bytes from the platform's secure source of randomness. */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += MAX_RANDOM_BYTES) {
    crypto.getRandomValues(bytes.subarray(at, at + MAX_RANDOM_BYTES))
  }
  return bytes
}

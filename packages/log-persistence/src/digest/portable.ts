import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** SHA-256 of bytes. Portable: runs wherever JavaScript runs. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}

/** Fills `length` bytes from the platform's secure source of randomness. */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}

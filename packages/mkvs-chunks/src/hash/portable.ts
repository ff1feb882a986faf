import { sha512_256 } from '@noble/hashes/sha2.js'
import type { Hash, HashStream } from './hash.ts'

/** SHA-512/256 of one piece of bytes. Portable: runs wherever JavaScript runs. */
export function hash(bytes: Uint8Array): Hash {
  return sha512_256(bytes)
}

/** SHA-512/256 over many pieces. */
export function hashStream(): HashStream {
  const state = sha512_256.create()
  return { update: (bytes) => void state.update(bytes), digest: () => state.digest() }
}

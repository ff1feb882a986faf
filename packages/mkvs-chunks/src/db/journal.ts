import { HASH_BYTES, type Hash } from '../hash/hash.ts'

/** Hashes, one after another in one array. */
export interface HashList {
  add(hash: Hash): void
  /** All of them, one after another. */
  joined(): Uint8Array
}

/** An empty list. */
export function hashList(): HashList {
  let bytes = new Uint8Array(64 * HASH_BYTES)
  let filled = 0
  return {
    add: (hash) => {
      if (filled === bytes.length) {
        const larger = new Uint8Array(2 * filled)
        larger.set(bytes)
        bytes = larger
      }
      bytes.set(hash, filled)
      filled += HASH_BYTES
    },
    joined: () => bytes.subarray(0, filled),
  }
}

/** The hashes that were joined. */
export function splitHashes(bytes: Uint8Array): Hash[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}

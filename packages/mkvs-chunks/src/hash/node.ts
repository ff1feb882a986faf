import { createHash, hash as hashOnce } from 'node:crypto'
import { HASH_BYTES, type Hash, type HashStream } from './hash.ts'

const ALGORITHM = 'sha512-256'

/**
 * SHA-512/256 of one piece of bytes, by the platform's own code.
 *
 * The digest comes as a one-byte-per-character string and is copied out, because that costs half
 * of what the platform's own byte container costs, and a tree hashes millions of small nodes.
 */
export function hash(bytes: Uint8Array): Hash {
  const text = hashOnce(ALGORITHM, bytes, 'binary')
  const digest = new Uint8Array(HASH_BYTES)
  for (let i = 0; i < HASH_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}

/** SHA-512/256 over many pieces. */
export function hashStream(): HashStream {
  const state = createHash(ALGORITHM)
  return {
    update: (bytes) => void state.update(bytes),
    digest: () => new Uint8Array(state.digest()),
  }
}

/** A SHA-512/256 digest: 32 bytes. */
export type Hash = Uint8Array

/** The length of every hash, in bytes. */
export const HASH_BYTES = 32

/** A SHA-512/256 in progress. */
export interface HashStream {
  /** Adds bytes. They may be changed afterwards. */
  update(bytes: Uint8Array): void
  /** Ends the hash. Call once. */
  digest(): Hash
}

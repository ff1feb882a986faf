/** AES-256-GCM of whole chunks. A key and nonce pair is used once. */
export interface ChunkCipher {
  /** The chunk encrypted, its tag of 16 bytes behind: one after the other, not copied together. */
  encrypt(chunk: Chunk): readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** The chunk with its tag, decrypted; `undefined` when any bit of it, or of what goes with it, is another. */
  decrypt(chunk: Chunk): Uint8Array | undefined | Promise<Uint8Array | undefined>
}

/** A chunk with what it is encrypted under. */
export interface Chunk {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly associated: Uint8Array
  readonly bytes: Uint8Array
}

/** Bytes that authenticated encryption adds to a chunk. */
export const TAG_BYTES = 16

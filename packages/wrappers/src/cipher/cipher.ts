/** AES-256-GCM of whole chunks. A key and nonce pair is used once. */
export interface ChunkCipher {
  /** The chunk encrypted, its tag of 16 bytes behind. */
  encrypt(chunk: Chunk): Uint8Array | Promise<Uint8Array>
  /** The chunk again; `undefined` when any bit of it, or of what goes with it, is another. */
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

/** The formats that a runtime may have. */
export type Compression = 'gzip' | 'deflate' | 'zstd'

/** Compresses and expands whole blocks. */
export interface BlockCompressor {
  /** Whether this runtime has the format. */
  has(format: Compression): boolean
  shrink(format: Compression, block: Uint8Array): Promise<Uint8Array>
  /**
   * At most `maxBytes` of what a block expands to, never more in memory; `undefined` when it would
   * be more. Rejects when it is no such block.
   */
  expand(format: Compression, block: Uint8Array, maxBytes: number): Promise<Uint8Array | undefined>
}

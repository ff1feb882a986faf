/** Small byte strings are cut out of blocks of this size. */
const SLAB_BYTES = 64 * 1024
const LARGE_BYTES = SLAB_BYTES / 4

let slab = new Uint8Array(SLAB_BYTES)
let taken = 0

/**
 * Zeroed bytes of a length, for short-lived data: an own allocation for every node of a tree costs
 * more than everything else that is done with it. What is kept keeps its whole block alive.
 */
export function takeBytes(length: number): Uint8Array {
  if (length > LARGE_BYTES) return new Uint8Array(length)
  if (taken + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES)
    taken = 0
  }
  const bytes = slab.subarray(taken, taken + length)
  taken += length
  return bytes
}

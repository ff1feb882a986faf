import { createHash } from 'node:crypto'

export const KEY_BYTES = 32
export const VALUE_BYTES = 64

/** Key n: random, and the same in every run and for every size. */
export const keyOf = (n) => bytesOf(`key:${n}`, KEY_BYTES)

/** Value n. */
export const valueOf = (n) => bytesOf(`value:${n}`, VALUE_BYTES)

function bytesOf(seed, length) {
  return new Uint8Array(createHash('sha512').update(seed).digest().subarray(0, length))
}

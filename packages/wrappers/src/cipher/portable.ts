import type { webcrypto } from 'node:crypto'
import type { ChunkCipher } from './cipher.ts'
import { nobleCipher } from './noble.ts'
import { webCipher } from './web.ts'

/** The platform's where it is: browsers have it in secure contexts only. */
export const chunkCipher: ChunkCipher = choose(globalThis)

function choose({ crypto }: { crypto?: { subtle?: webcrypto.SubtleCrypto } }): ChunkCipher {
  return crypto?.subtle === undefined ? nobleCipher : webCipher(crypto.subtle)
}

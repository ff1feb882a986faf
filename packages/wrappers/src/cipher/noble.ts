import { gcm } from '@noble/ciphers/aes.js'
import type { ChunkCipher } from './cipher.ts'

/** In JavaScript: runs wherever JavaScript runs. */
export const nobleCipher: ChunkCipher = {
  encrypt: ({ key, nonce, associated, bytes }) => [gcm(key, nonce, associated).encrypt(bytes)],
  decrypt: ({ key, nonce, associated, bytes }) => {
    try {
      return gcm(key, nonce, associated).decrypt(bytes)
    } catch {
      return undefined
    }
  },
}

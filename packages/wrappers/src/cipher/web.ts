import type { webcrypto } from 'node:crypto'
import type { Chunk, ChunkCipher } from './cipher.ts'

/** By the platform's own code, in a browser. */
export function webCipher(subtle: webcrypto.SubtleCrypto): ChunkCipher {
  const imported = ({ key }: Chunk): Promise<webcrypto.CryptoKey> =>
    subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt'])
  const algorithm = ({ nonce, associated }: Chunk): webcrypto.AesGcmParams => ({
    name: 'AES-GCM',
    iv: nonce,
    additionalData: associated,
  })
  return {
    encrypt: async (chunk) => [
      new Uint8Array(await subtle.encrypt(algorithm(chunk), await imported(chunk), chunk.bytes)),
    ],
    decrypt: async (chunk) => {
      const key = await imported(chunk)
      try {
        return new Uint8Array(await subtle.decrypt(algorithm(chunk), key, chunk.bytes))
      } catch {
        return undefined
      }
    },
  }
}

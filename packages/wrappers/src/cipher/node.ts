import { createCipheriv, createDecipheriv } from 'node:crypto'
import { TAG_BYTES, type ChunkCipher } from './cipher.ts'

/** By the platform's own code. */
export const chunkCipher: ChunkCipher = {
  encrypt: ({ key, nonce, associated, bytes }) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(associated)
    const encrypted = plain(cipher.update(bytes))
    cipher.final()
    return [encrypted, plain(cipher.getAuthTag())]
  },
  decrypt: ({ key, nonce, associated, bytes }) => {
    if (bytes.length < TAG_BYTES) return undefined
    const end = bytes.length - TAG_BYTES
    const options = { authTagLength: TAG_BYTES }
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, options)
    decipher.setAAD(associated)
    decipher.setAuthTag(bytes.subarray(end))
    const decrypted = plain(decipher.update(bytes.subarray(0, end)))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return decrypted
  },
}

/** The same bytes as a plain `Uint8Array`, so that no platform type leaves this file. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

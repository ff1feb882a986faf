import { createCipheriv, createDecipheriv } from 'node:crypto'
import { TAG_BYTES, type ChunkCipher } from './cipher.ts'

/** By the platform's own code. */
export const chunkCipher: ChunkCipher = {
  encrypt: ({ key, nonce, associated, bytes }) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(associated)
    const sealed = new Uint8Array(bytes.length + TAG_BYTES)
    sealed.set(cipher.update(bytes))
    cipher.final()
    sealed.set(cipher.getAuthTag(), bytes.length)
    return sealed
  },
  decrypt: ({ key, nonce, associated, bytes }) => {
    if (bytes.length < TAG_BYTES) return undefined
    const end = bytes.length - TAG_BYTES
    const options = { authTagLength: TAG_BYTES }
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, options)
    decipher.setAAD(associated)
    decipher.setAuthTag(bytes.subarray(end))
    const plain = decipher.update(bytes.subarray(0, end))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength)
  },
}

import { storageContract } from '@tidemark/core/testing'
import { describe, it } from 'vitest'
import { checksum, compress, encrypt, hmac } from '../src/index.ts'
import { files, layered, memory, ringOf, type Layers } from './support/media.ts'

const ring = ringOf()
const STACKS: Readonly<Record<string, Layers>> = {
  compress: () => [compress()],
  encrypt: () => [encrypt(ring)],
  checksum: () => [checksum()],
  hmac: () => [hmac(ring)],
  'compress and encrypt': () => [compress(), encrypt(ring)],
  'encrypt and hmac': () => [encrypt(ring), hmac(ring)],
  'compress and hmac': () => [compress({ format: 'deflate' }), hmac(ring)],
  'compress, encrypt, checksum and hmac': () => [compress(), encrypt(ring), checksum(), hmac(ring)],
}

for (const [title, layers] of Object.entries(STACKS)) {
  for (const [medium, subject] of Object.entries({ memory, files })) {
    describe(`${title} on ${medium}`, () => {
      for (const { name, run } of storageContract(layered(subject, layers))) it(name, run)
    })
  }
}

import { MemoryBlobStore, openStorage, unwrap } from '@tidemark/core'
import { storageContract, type StorageSubject } from '@tidemark/core/testing'
import { hmac, keyRing, stack } from '@tidemark/wrappers'
import { layerContract } from '@tidemark/wrappers/testing'
import { expect, it } from 'vitest'
import { brotli } from '../brotli-layer.ts'
import { describeCases, openStore } from './support.ts'

describeCases('the layer', layerContract({ layer: brotli }), {})

const inMemory: StorageSubject = {
  open: () => new MemoryBlobStore(),
  openStorage: async (store, options) => unwrap(await stack(openStorage(store, options), brotli())),
}
describeCases('a storage through the layer', storageContract(inMemory), {})

it('stands under a seal, on the other template, and what is stored is smaller', async () => {
  const secret = new Uint8Array(32).fill(1)
  const ring = unwrap(keyRing({ active: { id: 'k', secret } }))
  const store = openStore()
  const storage = unwrap(await stack(openStorage(store), brotli(), hmac(ring)))
  const text = 'the same again. '.repeat(20_000)
  unwrap(await storage.save('report', { text }))
  const report = unwrap(await storage.loadCheckpoint('report'))
  expect(unwrap(await report.get('text'))).toBe(text)
  let storedBytes = 0
  for await (const { sizeBytes } of store.list()) storedBytes += sizeBytes
  expect(storedBytes).toBeLessThan(text.length / 10)
  await storage.close()
  await store.close()
})

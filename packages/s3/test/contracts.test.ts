import { unwrap, type BlobStore } from '@tidemark/core'
import { blobStoreContract, unmetNeeds, type BlobStoreSubject } from '@tidemark/core/testing'
import { it } from 'vitest'
import { S3BlobStore } from '../src/index.ts'
import { bareRequest, describeServer, serverOptions } from './support.ts'

const prefixes = new WeakMap<BlobStore, string>()

async function open(prefix?: string): Promise<S3BlobStore> {
  const options = serverOptions(prefix)
  const store = unwrap(await S3BlobStore.open(options))
  prefixes.set(store, options.prefix)
  return store
}

const subject: BlobStoreSubject = {
  open: () => open(),
  reopen: (store) => open(prefixes.get(store)),
  plantForeign: async (store, name) => {
    await bareRequest(`/${prefixes.get(store)}${name}`, { method: 'PUT', body: 'not ours' })
  },
}

describeServer('S3BlobStore on a real server', () => {
  const supports = { ranges: true, streams: true, replaceIf: true, crossProcess: true }
  for (const { name, needs, run } of blobStoreContract(subject)) {
    const missing = unmetNeeds(needs, supports)
    it.skipIf(missing.length > 0)(missing.length > 0 ? `${name} (${missing.join()})` : name, run)
  }
})

import { unwrap, type BlobStore } from '@tidemark/core'
import { blobStoreContract, unmetNeeds, type BlobStoreSubject } from '@tidemark/core/testing'
import { it } from 'vitest'
import { awsSdkClient } from '../src/aws-sdk/index.ts'
import { S3BlobStore, type S3Options } from '../src/index.ts'
import { bareRequest, describeServer, freshPrefix, serverOptions } from './support.ts'

const prefixes = new WeakMap<BlobStore, string>()

type Open = (options: S3Options) => ReturnType<typeof S3BlobStore.open>

function subjectOf(openStore: Open): BlobStoreSubject {
  const open = async (prefix = freshPrefix()): Promise<S3BlobStore> => {
    const store = unwrap(await openStore(serverOptions(prefix)))
    prefixes.set(store, prefix)
    return store
  }
  return {
    open: () => open(),
    reopen: (store) => open(prefixes.get(store)),
    plantForeign: async (store, name) => {
      await bareRequest(`/${prefixes.get(store)}${name}`, { method: 'PUT', body: 'not ours' })
    },
  }
}

const overSdk: Open = async ({ bucket, endpoint = '', region = '', credentials, prefix = '' }) => {
  const config = { endpoint, region, credentials, forcePathStyle: true }
  return S3BlobStore.over({ client: awsSdkClient({ bucket, config }), prefix })
}

const subjects: Record<string, Open> = {
  'S3BlobStore on a real server': (options) => S3BlobStore.open(options),
  'S3BlobStore over the AWS SDK': overSdk,
}

for (const [name, open] of Object.entries(subjects)) {
  describeServer(name, () => {
    const supports = { ranges: true, streams: true, replaceIf: true, crossProcess: true }
    for (const { name, needs, run } of blobStoreContract(subjectOf(open))) {
      const missing = unmetNeeds(needs, supports)
      it.skipIf(missing.length > 0)(missing.length > 0 ? `${name} (${missing.join()})` : name, run)
    }
  })
}

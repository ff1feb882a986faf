import { unwrap, type BlobStore } from '@tidemark/core'
import {
  blobStoreContract,
  commitLogContract,
  storageContract,
  unmetNeeds,
  type BlobStoreSubject,
  type ContractCase,
  type Supporting,
} from '@tidemark/core/testing'
import { it } from 'vitest'
import { S3BlobStore } from '../src/index.ts'
import { bareRequest, describeServer, freshPrefix, serverOptions } from './support.ts'

const prefixes = new WeakMap<BlobStore, string>()

async function open(prefix = freshPrefix()): Promise<S3BlobStore> {
  const store = unwrap(await S3BlobStore.open(serverOptions(prefix)))
  prefixes.set(store, prefix)
  return store
}

const subject: BlobStoreSubject = {
  open: () => open(),
  reopen: (store) => open(prefixes.get(store)),
  plantForeign: async (store, name) => {
    await bareRequest(`/${prefixes.get(store)}${name}`, { method: 'PUT', body: 'not ours' })
  },
}

/** What every server that is worth testing against does. */
const SUPPORTS = { ranges: true, streams: true, replaceIf: true, crossProcess: true, durable: true }

function runAll<S extends Supporting>(cases: readonly ContractCase<S>[]): void {
  for (const { name, needs, run } of cases) {
    const missing = unmetNeeds(needs, SUPPORTS)
    it.skipIf(missing.length > 0)(missing.length > 0 ? `${name} (${missing.join()})` : name, run)
  }
}

describeServer('a bucket as a BlobStore', () => runAll(blobStoreContract(subject)))

/** Each record is a request here; 10 000 of them prove nothing that 200 do not. */
const MANY_RECORDS = 200

describeServer('a commit log in a bucket', () =>
  runAll(commitLogContract({ open: subject.open, manyRecords: MANY_RECORDS })),
)

describeServer('a storage in a bucket', () => runAll(storageContract(subject)))

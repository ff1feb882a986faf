// The contracts of every package on the memory medium: nothing here needs a platform.
import { MemoryBlobStore, openStorage, unwrap } from '@tidemark/core'
import {
  blobStoreContract,
  commitLogContract,
  storageContract,
  unmetNeeds,
} from '@tidemark/core/testing'
import { memoryPersistence } from '@tidemark/log-persistence'
import { logPersistenceContract } from '@tidemark/log-persistence/testing'
import { MemoryNodeStore } from '@tidemark/mkvs-chunks'
import { nodeStoreContract } from '@tidemark/mkvs-chunks/testing'
import { operationContract } from '@tidemark/operation/testing'
import { S3BlobStore } from '@tidemark/s3'
import { openStreamStore } from '@tidemark/stream-store'
import { checkpointStoreContract } from '@tidemark/stream-store/testing'
import { checksum, compress, encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'

const open = () => new MemoryBlobStore()
const { supports } = open()

/** What a promise needs and memory does not have is left out, as in the packages' own tests. */
const having = (cases) => cases.filter(({ needs }) => unmetNeeds(needs, supports).length === 0)

const streamStore = async ({ keep = Infinity }) =>
  unwrap(await openStreamStore({ store: open(), keep, orphanMinAgeMs: 0 }))

const ring = unwrap(keyRing({ active: { id: 'first', secret: new Uint8Array(32).fill(7) } }))

/** A storage behind every layer there is. */
const layered = async (store, options) =>
  unwrap(
    await stack(openStorage(store, options), compress(), encrypt(ring), checksum(), hmac(ring)),
  )

/** The cases of each package, by its name. */
export const portableCases = {
  core: [
    ...having(blobStoreContract({ open })),
    ...having(commitLogContract({ open })),
    ...having(storageContract({ open })),
  ],
  wrappers: having(storageContract({ open, openStorage: layered })),
  operation: operationContract({ open }),
  'stream-store': checkpointStoreContract({ open: streamStore }).filter(
    ({ needs }) => needs.length === 0,
  ),
  'mkvs-chunks': nodeStoreContract({ open: () => new MemoryNodeStore() }),
  'log-persistence': logPersistenceContract({
    place: async () => ({ open: memoryPersistence, remove: async () => undefined }),
  }).filter(({ needs }) => needs.length === 0),
  s3: [{ name: 'what is no bucket is refused before any request', run: refusesNoBucket }],
}

async function refusesNoBucket() {
  const opened = await S3BlobStore.open({
    bucket: '',
    credentials: { accessKeyId: '', secretAccessKey: '' },
  })
  if (opened.ok || opened.error.code !== 'INVALID_ARGUMENT') throw new Error('it was opened')
}

/** Runs cases one after the other; gives how many held, and what failed. */
export async function runCases(cases) {
  const failed = []
  for (const { name, run } of cases) {
    try {
      await run()
    } catch (error) {
      failed.push(`${name}: ${String(error?.message ?? error)}`)
    }
  }
  return { passed: cases.length - failed.length, failed }
}

import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { blobPersistence } from '../src/index.ts'
import type { StorePlace } from '../src/testing/index.ts'
import { describeContract } from './contract.ts'

/** A place on a medium. Its stores share the medium, as processes share a disk or a bucket. */
function placeOn(medium: BlobStore, remove: () => Promise<void>): StorePlace {
  return {
    open: (options) => blobPersistence(medium, options),
    damage: async (logId) => {
      let newest = ''
      for await (const { key } of medium.list({ prefix: `log/n-${logId}.r` })) newest = key
      const blob = unwrap(await medium.get(newest))
      const bytes = blob === undefined ? new Uint8Array() : unwrap(await blob.bytes())
      const at = bytes.length - 40
      bytes[at] = (bytes[at] ?? 0) ^ 1
      unwrap(await medium.put(newest, bytes))
    },
    remove,
  }
}

describeContract(
  'a blob store in memory',
  { place: async () => placeOn(new MemoryBlobStore(), async () => undefined) },
  ['crossProcess', 'durable', 'damage'],
)

describeContract(
  'files',
  {
    place: async () => {
      const dir = await mkdtemp(join(tmpdir(), 'tidemark-logs-'))
      const medium = unwrap(await FileBlobStore.open(dir))
      return placeOn(medium, async () => {
        await medium.close()
        await rm(dir, { recursive: true })
      })
    },
  },
  ['crossProcess', 'durable', 'damage'],
)

import { unwrap } from '@tidemark/core'
import { blobPersistence } from '@tidemark/log-persistence'
import { logPersistenceContract, type StorePlace } from '@tidemark/log-persistence/testing'
import { describe, it } from 'vitest'
import { hasNoServer, openBucket } from './bucket.ts'

/** A part of the bucket that nobody else uses; its stores share a client, as processes a bucket. */
async function place(): Promise<StorePlace> {
  const medium = await openBucket()
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
    remove: () => medium.close(),
  }
}

describe.skipIf(hasNoServer)('the memory of a witness in a real bucket', () => {
  const cases = logPersistenceContract({ place })
  it.each(cases.map(({ name, run }) => [name, run] as const))('%s', (_, run) => run())
})

import type { BlobStore } from '../../blob/blob-store.ts'
import { drain, fails, same, succeeds } from '../check.ts'
import { FaultyBlobStore } from '../faulty-blob-store.ts'
import { LARGE_ENTRY_BYTES, load, save, valueOf, type StorageCase } from './storage-case.ts'

async function blobsIn(store: BlobStore): Promise<string[]> {
  return (await drain(store.list({ prefix: 'blob/' }))).map(({ key }) => key)
}

const large = (n: number): Uint8Array => new Uint8Array(LARGE_ENTRY_BYTES).fill(n)

/** Giving up what nobody needs. */
export const gcCases: readonly StorageCase[] = [
  {
    name: 'gc gives up generations past retention with their blobs, and only those',
    run: async ({ store, storage }) => {
      const one = await storage({ keepLast: 2 })
      for (let n = 1; n <= 5; n++) await save(one, 'a', { big: large(n) })
      await save(one, 'b', { big: large(9) })
      const report = await succeeds(one.gc(), 'gc')
      same(
        report.generations,
        [1, 2, 3].map((generation) => ({ identifier: 'a', generation })),
        '',
      )
      same(report.blobs.length, 3, 'blobs')
      same((await blobsIn(store)).length, 3, 'blobs left')
      const other = await storage()
      const kept = await drain(other.generations('a'))
      same(
        kept.map(({ generation }) => generation),
        [5, 4],
        'generations',
      )
      for (const generation of [4, 5]) {
        const loaded = await succeeds(other.loadCheckpoint('a', { generation }), 'load')
        same((await succeeds(loaded.getBytes('big'), 'getBytes'))[0], generation, 'big')
      }
      await fails(other.loadCheckpoint('a', { generation: 3 }), 'CHECKPOINT_NOT_FOUND', 'load 3')
      same((await succeeds(other.verify(), 'verify')).problems, [], 'problems')
    },
  },
  {
    name: 'a dry run reports what gc then does, and does nothing; a second gc finds nothing',
    run: async ({ store, storage }) => {
      const one = await storage({ keepLast: 1 })
      for (let n = 1; n <= 3; n++) await save(one, 'a', { big: large(n) })
      await save(one, 'gone', { big: large(7) })
      await succeeds(one.removeCheckpoint('gone'), 'remove')
      const before = await blobsIn(store)
      const dry = await succeeds(one.gc({ dryRun: true }), 'dry run')
      same(await blobsIn(store), before, 'blobs after a dry run')
      same((await succeeds(one.verify(), 'verify')).problems, [], 'problems after a dry run')
      same(await succeeds(one.gc(), 'gc'), dry, 'report')
      same(await succeeds(one.gc(), 'gc'), { generations: [], blobs: [] }, 'second report')
      same((await blobsIn(store)).length, 1, 'blobs left')
    },
  },
  {
    name: 'blobs of drafts that died are garbage once their number is taken',
    run: async ({ store, storage }) => {
      const one = await storage({ guard: false })
      const lost = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(lost.put('big', large(1)), 'put')
      await save(one, 'a', { big: large(2) })
      const report = await succeeds(one.gc(), 'gc')
      same(report.blobs.length, 1, 'garbage')
      same((await blobsIn(store)).length, 1, 'blobs left')
      const value = await valueOf(await storage(), 'a', 'big')
      same(value instanceof Uint8Array && value[0], 2, 'value')
    },
  },
  {
    name: 'gc never takes what a live draft has staged, here or elsewhere',
    run: async ({ storage }) => {
      const [one, other] = [await storage({ guard: true }), await storage({ guard: true })]
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('big', large(5)), 'put')
      await succeeds(one.gc(), 'gc')
      await succeeds(other.gc(), 'gc elsewhere')
      const committed = await succeeds(draft.commit(), 'commit')
      same((await succeeds(committed.getBytes('big'), 'getBytes'))[0], 5, 'big')
    },
  },
  {
    name: 'gc never takes what somebody reads, here or elsewhere',
    run: async ({ storage }) => {
      const options = { guard: true, keepLast: 1 }
      const [one, other] = [await storage(options), await storage(options)]
      await save(one, 'a', { big: large(1) })
      const reader = await load(one, 'a')
      await save(other, 'a', { big: large(2) })
      await succeeds(one.gc(), 'gc')
      await succeeds(other.gc(), 'gc elsewhere')
      same((await succeeds(reader.getBytes('big'), 'getBytes'))[0], 1, 'what is being read')
      await reader.close()
      same((await succeeds(other.gc(), 'gc')).blobs.length, 1, 'garbage after close')
    },
  },
  {
    name: 'commits give up old generations by themselves, now and then',
    run: async ({ store, storage }) => {
      const one = await storage({ keepLast: 2 })
      for (let n = 1; n <= 130; n++) await save(one, 'a', { n })
      const records = await drain(store.list({ prefix: 'log/n-a.r' }))
      same(records.length < 70, true, `${records.length} records after 130 commits`)
      same(await valueOf(await storage(), 'a', 'n'), 130, 'value')
    },
  },
  {
    name: 'an interrupted gc is finished by the next one',
    run: async ({ store, storage }) => {
      const one = await storage({ keepLast: 1 })
      for (let n = 1; n <= 3; n++) await save(one, 'a', { big: large(n) })
      const failing = new FaultyBlobStore(store, {
        plan: ({ operation }) => (operation === 'delete' ? 'failed' : undefined),
      })
      await fails((await storage({ keepLast: 1 }, failing)).gc(), 'IO_FAILED', 'gc')
      same((await valueOf(one, 'a', 'big')) instanceof Uint8Array, true, 'value')
      await succeeds((await storage({ keepLast: 1 })).gc(), 'gc')
      same((await blobsIn(store)).length, 1, 'blobs left')
      same((await drain(store.list({ prefix: 'log/n-a.r' }))).length, 1, 'records left')
    },
  },
]

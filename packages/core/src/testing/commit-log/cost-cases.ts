import { check, same, succeeds } from '../check.ts'
import { FaultyBlobStore } from '../faulty-blob-store.ts'
import { fill, payloadOf, plantRecords, type CommitLogCase } from './commit-log-case.ts'

/** Opening a log of any length looks at no more blobs than this. */
const MAX_OPEN_READS = 64

/** What calls of the medium things cost. */
export const costCases: readonly CommitLogCase[] = [
  {
    name: 'in a steady state latest is two absent reads, and append one put and one absent read',
    run: async ({ store, handle }) => {
      const counted = new FaultyBlobStore(store)
      const log = handle(counted)
      const newest = await fill(log, 3)
      const cost = async (what: () => Promise<unknown>): Promise<string[]> => {
        const before = counted.calls.length
        await what()
        return counted.calls.slice(before).map(({ operation }) => operation)
      }
      same(await cost(() => log.latest()), ['head', 'head'], 'latest')
      same(await cost(() => log.append(newest, payloadOf(4))), ['put', 'head'], 'append')
      same(await cost(() => log.latest()), ['head', 'head'], 'latest')
    },
  },
  {
    name: 'a long log is opened with at most 64 reads, with a hint and without',
    run: async ({ store, handle, manyRecords }) => {
      await plantRecords(store, manyRecords)
      for (const hint of [undefined, String(manyRecords - 40), String(manyRecords * 3)]) {
        if (hint !== undefined) {
          const bytes = new TextEncoder().encode(hint)
          await succeeds(store.put('log/n-job.hint', bytes, { durable: false }), 'hint')
        }
        const counted = new FaultyBlobStore(store)
        const newest = await succeeds(handle(counted).latest(), 'latest')
        same(newest?.seq, manyRecords, 'newest')
        const reads = counted.calls.length
        check(reads <= MAX_OPEN_READS, `${reads} reads to open with hint ${hint ?? 'none'}`)
        check(
          counted.calls.every(({ operation }) => operation !== 'list'),
          'opening must not list',
        )
      }
    },
  },
]

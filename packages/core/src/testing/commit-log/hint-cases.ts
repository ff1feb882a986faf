import type { BlobStore } from '../../blob/blob-store.ts'
import { hintKey } from '../../log/log-keys.ts'
import { same, succeeds } from '../check.ts'
import { fill, payloadOf, PREFIX, type CommitLogCase } from './commit-log-case.ts'

async function plantHint(store: BlobStore, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text)
  await succeeds(store.put(hintKey(PREFIX), bytes, { durable: false }), 'planting a hint')
}

const WRONG = ['', '0', '-1', '1.5', '007', '9', '70', '1000', '99999999999999999999', 'x', '1\n']

/** A hint is a place to start looking, whatever it says. */
export const hintCases: readonly CommitLogCase[] = [
  {
    name: 'a hint that is wrong, too high, too low or no number changes nothing but the cost',
    run: async ({ store, handle }) => {
      await fill(handle(), 7)
      for (const text of WRONG) {
        await plantHint(store, text)
        same((await succeeds(handle().latest(), 'latest'))?.seq, 7, `newest with hint ${text}`)
      }
      await plantHint(store, '1000')
      const log = handle()
      const newest = await succeeds(log.latest(), 'latest')
      const next = await succeeds(log.append(newest, payloadOf(8)), 'append')
      same(next.seq, 8, 'the next number')
    },
  },
  {
    name: 'a lost hint costs reads, not records',
    run: async ({ store, handle }) => {
      await fill(handle(), 130)
      await succeeds(store.delete(hintKey(PREFIX)), 'deleting the hint')
      same((await succeeds(handle().latest(), 'latest'))?.seq, 130, 'newest')
    },
  },
  {
    name: 'a hint in an empty log makes no record',
    run: async ({ store, handle }) => {
      await plantHint(store, '12')
      const log = handle()
      same(await succeeds(log.latest(), 'latest'), undefined, 'latest')
      same((await succeeds(log.append(undefined, payloadOf(1)), 'append')).seq, 1, 'number')
    },
  },
]

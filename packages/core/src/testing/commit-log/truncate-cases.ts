import type { CommitLog } from '../../log/commit-log.ts'
import { floorKey, recordKey } from '../../log/log-keys.ts'
import { detail, drain, fails, same, succeeds } from '../check.ts'
import { FaultyBlobStore, type BlobCall } from '../faulty-blob-store.ts'
import {
  fill,
  frameOf,
  numberIn,
  payloadOf,
  plantRecords,
  PREFIX,
  tipOf,
  type CommitLogCase,
} from './commit-log-case.ts'

async function seqsOf(log: CommitLog): Promise<number[]> {
  return (await drain(log.records())).map(({ seq }) => seq)
}

/** Giving up old records. */
export const truncateCases: readonly CommitLogCase[] = [
  {
    name: 'truncate gives up what is below, for every handle, and deletes it',
    run: async ({ store, handle }) => {
      const [log, other] = [handle(), handle()]
      const newest = await fill(log, 10)
      await succeeds(other.latest(), 'latest')
      const report = await succeeds(log.truncate(8, { force: true }), 'truncate')
      same(report, { before: 8, freed: [1, 2, 3, 4, 5, 6, 7], left: 0 }, 'report')
      for (const reader of [log, other, handle()]) {
        same(await succeeds(reader.latest(), 'latest'), newest, 'latest')
        same(await succeeds(reader.read(7), 'read'), undefined, 'read 7')
        same(numberIn(await succeeds(reader.read(8), 'read')), 8, 'read 8')
        same(await seqsOf(reader), [8, 9, 10], 'records')
      }
      const left = (await drain(store.list({ prefix: `${PREFIX}r` }))).length
      same(left, 3, 'blobs of records')
    },
  },
  {
    name: 'fewer than 64 records are not worth it, unless forced',
    run: async ({ handle }) => {
      const log = handle()
      await fill(log, 70)
      same(await succeeds(log.truncate(64), 'truncate'), { before: 1, freed: [], left: 0 }, '63')
      same((await seqsOf(handle())).length, 70, 'records')
      same((await succeeds(log.truncate(65), 'truncate')).freed.length, 64, '64')
      same(await seqsOf(handle()), [65, 66, 67, 68, 69, 70], 'records')
    },
  },
  {
    name: 'the newest record is never given up, and what is no record is refused',
    run: async ({ handle }) => {
      const log = handle()
      await succeeds(log.truncate(1, { force: true }), 'truncate of an empty log')
      await fill(log, 3)
      for (const before of [4, 0, -1, 1.5, Number.NaN]) {
        const truncated = log.truncate(before, { force: true })
        await fails(truncated, 'INVALID_ARGUMENT', `before ${before}`)
      }
      await succeeds(log.truncate(3, { force: true }), 'truncate')
      same(await seqsOf(handle()), [3], 'records')
    },
  },
  {
    name: 'kept records stay readable, also through later truncations that keep them again',
    run: async ({ handle }) => {
      const log = handle()
      await fill(log, 12)
      await succeeds(log.truncate(8, { force: true, keep: [2, 5] }), 'truncate')
      same(await seqsOf(handle()), [2, 5, 8, 9, 10, 11, 12], 'records')
      await succeeds(log.truncate(11, { force: true, keep: [5, 9] }), 'truncate again')
      for (const reader of [log, handle()]) {
        same(await seqsOf(reader), [5, 9, 11, 12], 'records')
        same(await succeeds(reader.read(2), 'read'), undefined, 'read 2')
        same(numberIn(await succeeds(reader.read(5), 'read')), 5, 'read 5')
      }
      const gone = log.truncate(12, { force: true, keep: [2] })
      await fails(gone, 'INVALID_ARGUMENT', 'keeping what was given up')
    },
  },
  {
    name: 'who slept through a truncation cannot give up what it kept',
    run: async ({ handle }) => {
      const [asleep, awake] = [handle(), handle()]
      await fill(asleep, 12)
      await succeeds(awake.truncate(10, { force: true, keep: [2, 5] }), 'truncate')
      const late = await succeeds(asleep.truncate(8, { force: true, keep: [] }), 'late truncate')
      same(late, { before: 10, freed: [], left: 0 }, 'report')
      same(await seqsOf(handle()), [2, 5, 10, 11, 12], 'records')
    },
  },
  {
    name: 'the owner of the newest record is kept unasked',
    run: async ({ handle }) => {
      const log = handle()
      const owner = await succeeds(log.append(undefined, payloadOf(1), { epoch: 'self' }), 'append')
      const second = await succeeds(log.append(owner, payloadOf(2), { epoch: 1 }), 'append')
      await succeeds(log.append(second, payloadOf(3), { epoch: 1 }), 'append')
      await succeeds(log.truncate(3, { force: true }), 'truncate')
      same(await seqsOf(handle()), [1, 3], 'records')
    },
  },
  {
    name: 'the floor only rises: a truncation to an older place gives up nothing again',
    run: async ({ handle }) => {
      const log = handle()
      await fill(log, 10)
      await succeeds(log.truncate(9, { force: true }), 'truncate')
      const lower = await succeeds(handle().truncate(4, { force: true }), 'truncate lower')
      same(lower.before, 9, 'before')
      same(await seqsOf(handle()), [9, 10], 'records')
    },
  },
  {
    name: 'a writer that slept through a truncation gets no ok, and its record never counts',
    run: async ({ store, handle }) => {
      const sleeper = handle()
      const old = await fill(sleeper, 3)
      const log = handle()
      const newest = await fill(log, 10)
      await succeeds(log.truncate(9, { force: true }), 'truncate')
      const error = await fails(sleeper.append(old, payloadOf(4)), 'OUTCOME_UNKNOWN', 'append')
      same(detail(error, 'reason'), 'superseded', 'reason')
      for (const reader of [sleeper, log, handle()]) {
        same(await succeeds(reader.latest(), 'latest'), newest, 'latest')
        same(await succeeds(reader.read(4), 'read'), undefined, 'the void record')
        same(await seqsOf(reader), [9, 10], 'records')
      }
      same(
        (await succeeds(store.head(recordKey(PREFIX, 4)), 'head'))?.key,
        recordKey(PREFIX, 4),
        '',
      )
      const swept = await succeeds(log.sweep(), 'sweep')
      same(swept.freed, [4], 'swept')
      same(await succeeds(store.head(recordKey(PREFIX, 4)), 'head'), undefined, 'after sweep')
    },
  },
  {
    name: 'latest never gives the void record that a sleeper made while it looked',
    run: async ({ store, handle }) => {
      const sleeper = handle()
      await succeeds(sleeper.latest(), 'latest')
      const log = handle()
      const old = await fill(log, 1)
      // The reader has found record 1 and no floor; before it reads the record, it is truncated.
      let isFirst = true
      const gate = async ({ operation, key }: BlobCall): Promise<void> => {
        if (operation !== 'get' || key !== recordKey(PREFIX, 1) || !isFirst) return
        isFirst = false
        await succeeds(log.append(old, payloadOf(2)), 'append 2')
        await succeeds(log.truncate(2, { force: true }), 'truncate')
        await fails(sleeper.append(undefined, payloadOf(7)), 'OUTCOME_UNKNOWN', 'late append')
      }
      const reader = handle(new FaultyBlobStore(store, { gate }))
      same(numberIn(await succeeds(reader.latest(), 'latest')), 2, 'latest')
      same(isFirst, false, 'whether the record was still to be read')
    },
  },
  {
    name: 'a writer that slept on the very first record gets no ok either',
    run: async ({ handle }) => {
      const log = handle()
      await fill(log, 4)
      await succeeds(log.truncate(4, { force: true }), 'truncate')
      await fails(handle().append(undefined, payloadOf(1)), 'OUTCOME_UNKNOWN', 'append')
      same((await succeeds(handle().latest(), 'latest'))?.seq, 4, 'newest')
    },
  },
  {
    name: 'a handle goes on after the log was truncated far past the record it remembers',
    run: async ({ store, handle }) => {
      const reader = handle()
      await fill(reader, 5)
      await plantRecords(store, 300)
      const log = handle()
      await succeeds(log.truncate(290), 'truncate')
      same((await succeeds(reader.latest(), 'latest'))?.seq, 300, 'newest')
      const next = await succeeds(reader.append(await tipOf(reader), payloadOf(301)), 'append')
      same(next.seq, 301, 'the next number')
    },
  },
  {
    name: 'holes that a compaction leaves are not the end of the log',
    run: async ({ handle }) => {
      const log = handle()
      await fill(log, 20)
      await succeeds(log.truncate(20, { force: true, keep: [1, 2, 4, 16] }), 'truncate')
      same((await succeeds(handle().latest(), 'latest'))?.seq, 20, 'newest')
      same(await seqsOf(handle()), [1, 2, 4, 16, 20], 'records')
    },
  },
  {
    name: 'deletions that are not done yet change nothing',
    run: async ({ store, handle }) => {
      const log = handle()
      await fill(log, 10)
      await succeeds(log.truncate(9, { force: true }), 'truncate')
      // As after a crash between the floor and the deletions.
      for (const seq of [3, 5, 8]) {
        await succeeds(store.put(recordKey(PREFIX, seq), frameOf(seq)), 'planting')
      }
      same(await seqsOf(handle()), [9, 10], 'records')
      same(await succeeds(handle().read(8), 'read'), undefined, 'read 8')
      same((await succeeds(handle().sweep(), 'sweep')).freed, [3, 5, 8], 'swept')
      same((await succeeds(handle().sweep(), 'sweep')).freed, [], 'swept again')
    },
  },
  {
    name: 'a damaged floor fails closed: nothing is read, appended or deleted past it',
    run: async ({ store, handle }) => {
      const newest = await fill(handle(), 10)
      await succeeds(handle().truncate(9, { force: true }), 'truncate')
      await succeeds(store.put(floorKey(PREFIX, 1), frameOf(1)), 'spoiling')
      const log = handle()
      await fails(log.latest(), 'CORRUPTED', 'latest')
      await fails(log.read(9), 'CORRUPTED', 'read')
      await fails(log.truncate(10, { force: true }), 'CORRUPTED', 'truncate')
      await fails(log.sweep(), 'CORRUPTED', 'sweep')
      await fails(log.append(newest, payloadOf(11)), ['CORRUPTED', 'OUTCOME_UNKNOWN'], 'append')
    },
  },
  {
    name: 'a log whose newest record vanished after a truncation is CORRUPTED, not empty',
    run: async ({ store, handle }) => {
      await fill(handle(), 10)
      await succeeds(handle().truncate(10, { force: true }), 'truncate')
      await succeeds(store.delete(recordKey(PREFIX, 10)), 'deleting')
      await fails(handle().latest(), 'CORRUPTED', 'latest')
    },
  },
]

import type { Damage } from '../../log/commit-log.ts'
import { recordKey } from '../../log/log-keys.ts'
import { detail, drain, drainFails, fails, same, succeeds } from '../check.ts'
import {
  damage,
  fill,
  frameOf,
  numberIn,
  payloadOf,
  PREFIX,
  type CommitLogCase,
} from './commit-log-case.ts'

/** Records that are not what was written. */
export const damageCases: readonly CommitLogCase[] = [
  {
    name: 'a damaged newest record is CORRUPTED, naming the last whole one',
    run: async ({ store, handle }) => {
      await fill(handle(), 5)
      await damage(store, 5)
      await damage(store, 4)
      const log = handle()
      const error = await fails(log.latest(), 'CORRUPTED', 'latest')
      same([detail(error, 'seq'), detail(error, 'lastGoodSeq')], [5, 3], 'seq and lastGoodSeq')
      same(numberIn(await succeeds(log.read(3), 'read')), 3, 'record 3')
      await fails(log.read(5), 'CORRUPTED', 'read of the damaged one')
    },
  },
  {
    name: 'salvage gives the last whole record and a tip behind the damaged ones to append after',
    run: async ({ store, handle }) => {
      await fill(handle(), 5)
      await damage(store, 5)
      await damage(store, 4)
      const log = handle()
      const saved = await succeeds(log.salvage(), 'salvage')
      same([numberIn(saved.record), saved.tip?.seq], [3, 5], 'record and tip')
      same(
        saved.skipped.map(({ seq }) => seq),
        [5, 4],
        'skipped',
      )
      const next = await succeeds(log.append(saved.tip, payloadOf(6)), 'append')
      same(next.seq, 6, 'a damaged record keeps its number')
      for (const reader of [log, handle()]) {
        same((await succeeds(reader.latest(), 'latest'))?.seq, 6, 'newest')
      }
    },
  },
  {
    name: 'salvage of a log that is whole gives its newest record',
    run: async ({ handle }) => {
      const newest = await fill(handle(), 3)
      const { record, tip, skipped } = await succeeds(handle().salvage(), 'salvage')
      same([record, tip, skipped], [newest, newest, []], 'salvage')
    },
  },
  {
    name: 'a log of nothing but damage has no whole record and no free number',
    run: async ({ store, handle }) => {
      await fill(handle(), 2)
      await damage(store, 1)
      await damage(store, 2)
      const error = await fails(handle().latest(), 'CORRUPTED', 'latest')
      same(detail(error, 'lastGoodSeq'), 0, 'lastGoodSeq')
      const saved = await succeeds(handle().salvage(), 'salvage')
      same([saved.record, saved.tip?.seq], [undefined, 2], 'salvage')
      await fails(handle().append(undefined, payloadOf(1)), 'CONFLICT', 'append at 1')
    },
  },
  {
    name: 'damage in the middle hides only itself',
    run: async ({ store, handle }) => {
      const newest = await fill(handle(), 6)
      await damage(store, 3)
      const log = handle()
      same(await succeeds(log.latest(), 'latest'), newest, 'latest')
      await fails(log.read(3), 'CORRUPTED', 'read 3')
      await drainFails(log.records(), 'CORRUPTED', 'records')
      const found: Damage[] = []
      const records = await drain(log.records({ onDamage: (one) => void found.push(one) }))
      same(
        records.map(({ seq }) => seq),
        [1, 2, 4, 5, 6],
        'the others',
      )
      same(
        found.map(({ seq }) => seq),
        [3],
        'the damage',
      )
    },
  },
  {
    name: 'cut, empty, foreign and misplaced bytes are damage',
    run: async ({ store, handle }) => {
      const whole = frameOf(3)
      const spoilt = {
        'cut short': whole.subarray(0, whole.length - 1),
        'cut to its header': whole.subarray(0, 76),
        empty: new Uint8Array(),
        'one byte longer': new Uint8Array([...whole, 0]),
        zeros: new Uint8Array(whole.length),
        'another record': frameOf(2),
        text: new TextEncoder().encode('{"not":"a record"}'),
      }
      await fill(handle(), 3)
      for (const [what, bytes] of Object.entries(spoilt)) {
        await succeeds(store.put(recordKey(PREFIX, 3), bytes), 'spoiling')
        const error = await fails(handle().latest(), 'CORRUPTED', what)
        same(detail(error, 'lastGoodSeq'), 2, `lastGoodSeq: ${what}`)
      }
    },
  },
  {
    name: 'a record of a newer version is UNSUPPORTED_VERSION, never stepped over in silence',
    run: async ({ store, handle }) => {
      await fill(handle(), 2)
      const newer = frameOf(2)
      newer[4] = 9
      await succeeds(store.put(recordKey(PREFIX, 2), newer), 'planting')
      await fails(handle().latest(), 'UNSUPPORTED_VERSION', 'latest')
      await fails(handle().read(2), 'UNSUPPORTED_VERSION', 'read')
    },
  },
]

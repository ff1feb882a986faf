import { MAX_PAYLOAD_BYTES } from '../../log/frame.ts'
import { drain, drainFails, fails, same, succeeds } from '../check.ts'
import { fill, numberIn, payloadOf, type CommitLogCase } from './commit-log-case.ts'

const RACERS = 16

/** The first number that lies in a shard of its own. */
const FIRST_SHARDED = 1025

/** Appending and reading back. */
export const appendCases: readonly CommitLogCase[] = [
  {
    name: 'a log without records has no newest, no record and nothing to list',
    run: async ({ handle }) => {
      const log = handle()
      same(await succeeds(log.latest(), 'latest'), undefined, 'latest')
      same(await succeeds(log.read(1), 'read'), undefined, 'read')
      same(await drain(log.records()), [], 'records')
      const { record, tip, skipped } = await succeeds(log.salvage(), 'salvage')
      same([record, tip, skipped], [undefined, undefined, []], 'salvage')
    },
  },
  {
    name: 'records are numbered from 1, and every handle finds the newest and each of them',
    run: async ({ handle }) => {
      const log = handle()
      const first = await succeeds(log.append(undefined, payloadOf(1)), 'append')
      const second = await succeeds(log.append(first, payloadOf(2)), 'append')
      same([first.seq, second.seq, first.epoch], [1, 2, 0], 'numbers')
      for (const reader of [log, handle()]) {
        same(await succeeds(reader.latest(), 'latest'), second, 'latest')
        same(await succeeds(reader.read(1), 'read'), first, 'read 1')
        same(await succeeds(reader.read(2), 'read'), second, 'read 2')
        same(await succeeds(reader.read(3), 'read'), undefined, 'read 3')
        same(await drain(reader.records()), [first, second], 'records')
      }
    },
  },
  {
    name: 'append after what is not the newest is CONFLICT and changes nothing',
    run: async ({ handle }) => {
      const log = handle()
      const first = await succeeds(log.append(undefined, payloadOf(1)), 'append')
      const second = await succeeds(log.append(first, payloadOf(2)), 'append')
      for (const [after, seq] of [
        [undefined, 1],
        [first, 2],
      ] as const) {
        const error = await fails(handle().append(after, payloadOf(9)), 'CONFLICT', 'append')
        same(error.details, { seq, reason: 'taken' }, 'details')
      }
      same(await succeeds(handle().latest(), 'latest'), second, 'latest')
    },
  },
  {
    name: 'of many appends after one tip exactly one is ok',
    run: async ({ handle }) => {
      const first = await succeeds(handle().append(undefined, payloadOf(1)), 'append')
      const logs = Array.from({ length: RACERS }, () => handle())
      const results = await Promise.all(logs.map((log, i) => log.append(first, payloadOf(100 + i))))
      const winners = results.flatMap((result) => (result.ok ? [result.value] : []))
      const codes = results.flatMap((result) => (result.ok ? [] : [result.error.code]))
      same(
        codes,
        Array.from({ length: RACERS - 1 }, () => 'CONFLICT'),
        'what the others got',
      )
      for (const log of [handle(), ...logs]) {
        same(await succeeds(log.latest(), 'latest'), winners[0], 'latest')
      }
    },
  },
  {
    name: 'of many very first appends exactly one is ok',
    run: async ({ handle }) => {
      const appends = Array.from({ length: RACERS }, (_, i) =>
        handle().append(undefined, payloadOf(i)),
      )
      const results = await Promise.all(appends)
      same(results.filter((result) => result.ok).length, 1, 'winners')
    },
  },
  {
    name: 'a record keeps the epoch it was appended under; an owner record is its own',
    run: async ({ handle }) => {
      const log = handle()
      const owner = await succeeds(log.append(undefined, payloadOf(1), { epoch: 'self' }), 'append')
      const under = await succeeds(log.append(owner, payloadOf(2), { epoch: 1 }), 'append')
      same([owner.epoch, under.epoch], [1, 1], 'epochs')
      same((await succeeds(handle().latest(), 'latest'))?.epoch, 1, 'epoch read back')
    },
  },
  {
    name: 'changing a payload after append, or one that was read, changes no record',
    run: async ({ handle }) => {
      const log = handle()
      const payload = payloadOf(1)
      const appended = await succeeds(log.append(undefined, payload), 'append')
      payload.fill(0)
      same(numberIn(appended), 1, 'payload of the append')
      const read = await succeeds(handle().read(1), 'read')
      read?.payload.fill(0)
      same(numberIn(await succeeds(handle().latest(), 'latest')), 1, 'payload of latest')
    },
  },
  {
    name: 'an empty payload is a payload, and one too long is LIMIT_EXCEEDED',
    run: async ({ handle }) => {
      const log = handle()
      const empty = await succeeds(log.append(undefined, new Uint8Array()), 'append')
      same((await succeeds(handle().latest(), 'latest'))?.payload, new Uint8Array(), 'payload')
      const long = log.append(empty, new Uint8Array(MAX_PAYLOAD_BYTES + 1))
      await fails(long, 'LIMIT_EXCEEDED', 'append')
      same((await succeeds(handle().latest(), 'latest'))?.seq, 1, 'newest')
    },
  },
  {
    name: 'logs whose prefixes begin alike have nothing to do with each other',
    run: async ({ handle, store }) => {
      const prefixes = ['log/a.', 'log/ab.', 'log/a.r1.', 'log/a-']
      for (const [i, prefix] of prefixes.entries()) await fill(handle(store, prefix), i + 1)
      for (const [i, prefix] of prefixes.entries()) {
        const newest = await succeeds(handle(store, prefix).latest(), 'latest')
        same(newest?.seq, i + 1, `newest of ${prefix}`)
      }
    },
  },
  {
    name: 'records lists from after, backwards and up to a limit',
    run: async ({ handle }) => {
      const log = handle()
      await fill(log, 20)
      const seqs = async (options: Parameters<typeof log.records>[0]) =>
        (await drain(handle().records(options))).map(({ seq }) => seq)
      const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)
      same(await seqs({}), upTo(20), 'all')
      same(await seqs({ reverse: true }), upTo(20).toReversed(), 'backwards')
      same(await seqs({ after: 17 }), [18, 19, 20], 'after 17')
      same(await seqs({ after: 20 }), [], 'after the newest')
      same(await seqs({ limit: 3 }), [1, 2, 3], 'three')
      same(await seqs({ limit: 0 }), [], 'none')
      same(
        await seqs({ reverse: true, after: 10, limit: 9 }),
        upTo(20).toReversed().slice(0, 9),
        '9',
      )
    },
  },
  {
    name: 'a log goes on past 1024 records, where its keys move to another level',
    run: async ({ handle }) => {
      const log = handle()
      const newest = await fill(log, FIRST_SHARDED + 2)
      const reader = handle()
      same((await succeeds(reader.latest(), 'latest'))?.seq, newest.seq, 'newest')
      for (const seq of [1, 1023, 1024, 1025, 1026]) {
        same(numberIn(await succeeds(reader.read(seq), 'read')), seq, `record ${seq}`)
      }
      const tail = await drain(reader.records({ after: 1020 }))
      same(tail.map(numberIn), [1021, 1022, 1023, 1024, 1025, 1026, 1027], 'the tail')
    },
  },
  {
    name: 'an aborted signal stops append, latest, read, records and salvage',
    run: async ({ handle }) => {
      const log = handle()
      const first = await succeeds(log.append(undefined, payloadOf(1)), 'append')
      const options = { signal: AbortSignal.abort() }
      await fails(log.append(first, payloadOf(2), options), 'ABORTED', 'append')
      await fails(handle().latest(options), 'ABORTED', 'latest')
      await fails(handle().read(1, options), 'ABORTED', 'read')
      await fails(handle().salvage(options), 'ABORTED', 'salvage')
      await drainFails(handle().records(options), 'ABORTED', 'records')
      same((await succeeds(log.latest(), 'latest'))?.seq, 1, 'newest')
    },
  },
]

import { unwrap } from '@tidemark/core'
import { openOperation } from '../open-operation.ts'
import { countingStore } from './counting-store.ts'
import { expectCode, expectEqual, expectTrue } from './expect.ts'
import type { CaseTable } from './operation-contract.ts'
import { checkpoints, historyOf, keysOf, NAME, open, read } from './subject.ts'

const text = (of: string): Uint8Array => new TextEncoder().encode(of)

export const checkpointCases: CaseTable = {
  'a fresh operation has nothing': async (store) => {
    const op = await open(store)
    expectEqual(unwrap(await op.latest()), undefined, 'latest')
    expectEqual(await historyOf(op), [], 'history')
    const status = unwrap(await op.status())
    expectEqual([status.state, status.checkpoints, status.name], ['fresh', 0, NAME], 'status')
    await op.close()
  },
  'latest is the newest of two, with its label and id': async (store) => {
    const op = await open(store)
    const first = unwrap(await op.checkpoint('-1-of-3', text('0')))
    const second = unwrap(await op.checkpoint('-2-of-3', text('1')))
    expectEqual([first.seq, second.seq], [0, 1], 'seq')
    const latest = unwrap(await op.latest())
    expectEqual(
      [latest?.id, latest?.label, latest?.payload],
      [second.id, '-2-of-3', text('1')],
      'latest',
    )
    await op.close()
  },
  'an empty payload is not the same as none': async (store) => {
    const op = await open(store)
    unwrap(await op.checkpoint('', new Uint8Array()))
    const latest = unwrap(await op.latest())
    expectEqual([latest?.label, latest?.payload], ['', new Uint8Array()], 'latest')
    await op.close()
  },
  'the order of the calls decides, not the label': async (store) => {
    const op = await open(store)
    unwrap(await op.checkpoint('zzz', 1))
    unwrap(await op.checkpoint('aaa', 2))
    expectEqual(unwrap(await op.latest())?.label, 'aaa', 'latest')
    await op.close()
  },
  'an id loads its checkpoint after many more': async (store) => {
    const op = await open(store)
    const [first] = await checkpoints(op, 11)
    expectEqual(unwrap(await op.load(first?.id ?? '')).payload, 0, 'the first payload')
    await op.close()
  },
  'what is not an id is refused before any call': async (store) => {
    const counting = countingStore(store)
    const op = await open(counting.store)
    const { id } = unwrap(await op.checkpoint('x', 1))
    counting.reset()
    const bad = ['lock', '../../etc/hostname', '', 's3://other/key', `${id} `, id.toUpperCase()]
    for (const one of bad.filter((one) => one !== id)) {
      expectCode(await op.load(one), 'INVALID_IDENTIFIER', one)
    }
    expectEqual(counting.total(), 0, 'calls')
    await op.close()
  },
  'labels and names are refused before any call': async (store) => {
    const counting = countingStore(store)
    const op = await open(counting.store)
    counting.reset()
    const wide = '\u00e9'.repeat(257)
    expectCode(await op.checkpoint('x'.repeat(513), 1), 'INVALID_ARGUMENT', '513 bytes')
    expectCode(await op.checkpoint(wide, 1), 'INVALID_ARGUMENT', '514 bytes')
    expectCode(await op.checkpoint('\ud800', 1), 'INVALID_ARGUMENT', 'a lone surrogate')
    expectCode(await op.compact('x'.repeat(513)), 'INVALID_ARGUMENT', 'compact')
    expectCode(await op.compact({ keepLast: -1 }), 'INVALID_ARGUMENT', 'keepLast')
    expectCode(await op.checkpoint('x', NaN), 'ENCODE_FAILED', 'NaN')
    for (const silly of [{ stageAboveBytes: -1 }, { staleAfterMs: NaN }, { wait: -1 }]) {
      const opened = await openOperation({ store: counting.store, name: 'x', ...silly })
      expectCode(opened, 'INVALID_ARGUMENT', JSON.stringify(silly))
    }
    for (const name of ['', '\ud800', 'x'.repeat(1025)]) {
      const opened = await openOperation({ store: counting.store, name })
      expectCode(opened, 'INVALID_IDENTIFIER', 'a name')
    }
    expectEqual(counting.total(), 0, 'calls')
    expectEqual(unwrap(await op.latest()), undefined, 'latest')
    await op.close()
  },
  'any label comes back as it was and makes no key': async (store) => {
    const op = await open(store)
    unwrap(await op.checkpoint('plain', 0))
    const before = await keysOf(store)
    const labels = ['a/b', '../..', 'line\nfeed', 'nul\u0000', '\u{1f30a}', 'x'.repeat(512)]
    for (const label of labels) unwrap(await op.checkpoint(label, label))
    const found = await historyOf(op)
    expectEqual(found.map(({ label }) => label).slice(1), labels, 'labels')
    const added = (await keysOf(store)).length - before.length
    expectEqual(added, labels.length, 'new keys')
    await op.close()
  },
  'calls in flight get consecutive numbers in their order': async (store) => {
    const op = await open(store)
    const refs = await Promise.all(Array.from({ length: 100 }, (_, i) => op.checkpoint(`${i}`, i)))
    const seqs = refs.map((ref) => unwrap(ref).seq)
    expectEqual(
      seqs,
      Array.from({ length: 100 }, (_, i) => i),
      'seqs',
    )
    const found = await historyOf(op)
    expectEqual(
      found.map(({ label }) => Number(label)),
      seqs,
      'labels',
    )
    expectEqual(new Set(found.map(({ id }) => id)).size, 100, 'ids')
    // Those that come while a record is written share the next one, so that there are few.
    const records = new Set(found.map(({ id }) => id.split('.')[0]))
    expectTrue(records.size <= 50, `they share records, not ${records.size} of them`)
    await op.close()
  },
  'a checkpoint costs the same however many there are, and lists nothing': async (store) => {
    const counting = countingStore(store)
    const op = await open(counting.store)
    await Promise.all(Array.from({ length: 200 }, (_, i) => op.checkpoint('many', i)))
    const costs: number[] = []
    for (let i = 0; i < 10; i++) {
      counting.reset()
      unwrap(await op.checkpoint('one', i))
      expectEqual(counting.calls.get('list') ?? 0, 0, 'listings')
      costs.push(counting.total())
    }
    // Signs of life and upkeep may fall into any of them, but not into all.
    const bare = Math.min(...costs)
    expectTrue(bare <= 2, `a create and a look at the floor, not ${bare} calls`)
    await op.close()
  },
  'history goes both ways, from a number, with a limit, by label': async (store) => {
    const op = await open(store)
    await checkpoints(op, 10)
    const seqs = async (options: Parameters<typeof historyOf>[1]): Promise<number[]> =>
      (await historyOf(op, options)).map(({ seq }) => seq)
    expectEqual(await seqs({ reverse: true, limit: 3 }), [9, 8, 7], 'reverse')
    expectEqual(await seqs({ after: 7 }), [8, 9], 'after')
    expectEqual(await seqs({ after: 2, reverse: true }), [1, 0], 'before')
    expectEqual(await seqs({ label: '4' }), [4], 'label')
    expectEqual(await seqs({ limit: 0 }), [], 'limit 0')
    await op.close()
  },
  'an aborted call records nothing': async (store) => {
    const op = await open(store)
    unwrap(await op.checkpoint('x', 1))
    const details = expectCode(
      await op.checkpoint('y', 2, { signal: AbortSignal.abort() }),
      'ABORTED',
      'checkpoint',
    )
    expectEqual(details, { operation: 'record', committed: false }, 'details')
    expectEqual(unwrap(await op.latest())?.label, 'x', 'latest')
    await op.close()
  },
  'everything is there after opening again': async (store) => {
    const op = await open(store)
    const refs = await checkpoints(op, 5)
    await op.close()
    const again = await open(store)
    expectEqual(await historyOf(again), refs, 'history')
    expectEqual(unwrap(await again.checkpoint('5', 5)).seq, 5, 'seq')
    await again.close()
  },
  'a closed operation refuses every call': async (store) => {
    const op = await open(store)
    await op.close()
    await op.close()
    expectCode(await op.checkpoint('x', 1), 'CLOSED', 'checkpoint')
    expectCode(await op.latest(), 'CLOSED', 'latest')
    expectCode(await op.clear(), 'CLOSED', 'clear')
    expectCode(await op.complete(), 'CLOSED', 'complete')
  },
  'a reader sees what the owner does and writes nothing': async (store) => {
    const op = await open(store)
    const [first] = await checkpoints(op, 3)
    const counting = countingStore(store)
    const reader = await read(counting.store)
    expectEqual(unwrap(await reader.latest())?.payload, 2, 'latest')
    unwrap(await op.checkpoint('3', 3))
    expectEqual(unwrap(await reader.latest())?.payload, 3, 'latest again')
    expectEqual(unwrap(await reader.load(first?.id ?? '')).payload, 0, 'load')
    expectEqual((await historyOf(reader)).length, 4, 'history')
    expectEqual(unwrap(await reader.status()).checkpoints, 4, 'status')
    const written = ['put', 'putMany', 'delete'] as const
    expectEqual(
      written.filter((call) => counting.calls.has(call)),
      [],
      'writes',
    )
    await reader.close()
    await op.close()
  },
}

import { unwrap, type BlobStore } from '@tidemark/core'
import { listOperations, removeOperation } from '../list-operations.ts'
import { expectCode, expectEqual } from './expect.ts'
import type { CaseTable } from './operation-contract.ts'
import { checkpoints, historyOf, keysOf, open, read, STALE_AFTER_MS } from './subject.ts'

const labels = async (store: BlobStore): Promise<string[]> => {
  const refs = await historyOf(await read(store))
  return refs.map(({ position, seq, label }) => `${position} ${seq} ${label}`)
}

export const compactionCases: CaseTable = {
  'compact keeps the latest, re-labelled, at position 0, and its id': async (store) => {
    const op = await open(store)
    const refs = await checkpoints(op, 5)
    const report = unwrap(await op.compact('all of it'))
    expectEqual(report, { kept: 1, removed: 4, isSwept: true }, 'report')
    const latest = unwrap(await op.latest())
    expectEqual([latest?.id, latest?.payload, latest?.seq], [refs[4]?.id, 4, 4], 'latest')
    expectEqual(await labels(store), ['0 4 all of it'], 'history')
    expectEqual(unwrap(await op.load(refs[4]?.id ?? '')).label, 'all of it', 'load')
    const gone = expectCode(await op.load(refs[2]?.id ?? ''), 'CHECKPOINT_NOT_FOUND', 'load')
    expectEqual(gone, { identifier: refs[2]?.id, reason: 'compacted' }, 'details')
    expectEqual(unwrap(await op.checkpoint('next', 5)).seq, 5, 'the next seq')
    expectEqual(await labels(store), ['0 4 all of it', '1 5 next'], 'history')
    await op.close()
  },
  'no id ever stands for two checkpoints': async (store) => {
    const seen = new Map<string, unknown>()
    let op = await open(store)
    for (let i = 0; i < 30; i++) {
      const { id } = unwrap(await op.checkpoint('x', i))
      expectEqual(seen.has(id), false, `a new id at ${i}`)
      seen.set(id, i)
      if (i % 7 === 3) unwrap(await op.compact('y'))
      if (i % 11 === 5) unwrap(await op.clear())
      if (i % 5 === 4) {
        await op.close()
        op = await open(store)
      }
      for (const [known, payload] of seen) {
        const loaded = await op.load(known)
        if (loaded.ok) expectEqual(loaded.value.payload, payload, known)
      }
    }
    await op.close()
  },
  'compact keeps what it is asked to, in order': async (store) => {
    const op = await open(store)
    for (const label of ['a', 'milestone', 'b', 'c', 'milestone', 'd']) {
      unwrap(await op.checkpoint(label, label))
    }
    const report = unwrap(await op.compact({ keepLast: 2, keepLabels: ['milestone'] }))
    expectEqual([report.kept, report.removed], [3, 3], 'report')
    expectEqual(await labels(store), ['0 1 milestone', '1 4 milestone', '2 5 d'], 'history')
    unwrap(await op.compact({ keepLast: 10, label: 'last' }))
    expectEqual(await labels(store), ['0 1 milestone', '1 4 milestone', '2 5 last'], 'history')
    await op.close()
    const again = await open(store)
    expectEqual(await labels(store), ['0 1 milestone', '1 4 milestone', '2 5 last'], 'reopened')
    await again.close()
  },
  'old checkpoints go by age, but the latest stays': async (store) => {
    let nowMs = 0
    const op = await open(store, { now: () => nowMs })
    for (nowMs = 0; nowMs < 50; nowMs += 10) unwrap(await op.checkpoint('x', nowMs))
    unwrap(await op.compact({ keepLast: 100, maxAgeMs: 25 }))
    expectEqual(
      (await historyOf(op)).map(({ seq }) => seq),
      [3, 4],
      'history',
    )
    nowMs = 1_000
    unwrap(await op.compact({ keepLast: 100, maxAgeMs: 25 }))
    expectEqual(
      (await historyOf(op)).map(({ seq }) => seq),
      [4],
      'history',
    )
    await op.close()
  },
  'compact without checkpoints does nothing': async (store) => {
    const op = await open(store)
    const before = await keysOf(store)
    expectEqual(unwrap(await op.compact('x')), { kept: 0, removed: 0, isSwept: true }, 'report')
    expectEqual(await keysOf(store), before, 'keys')
    await op.close()
  },
  'retention compacts without being asked': async (store) => {
    const op = await open(store, { retention: { everyCheckpoints: 10, keepLast: 3 } })
    await checkpoints(op, 100)
    await op.close()
    const count = (await labels(store)).length
    expectEqual(count, 3, 'what is left')
  },
  'clear starts again at 0 with other ids': async (store) => {
    const op = await open(store)
    const [first] = await checkpoints(op, 3)
    unwrap(await op.clear())
    expectEqual(unwrap(await op.latest()), undefined, 'latest')
    expectEqual(unwrap(await op.status()).state, 'fresh', 'state')
    const next = unwrap(await op.checkpoint('0', 'new'))
    expectEqual([next.seq, next.id === first?.id], [0, false], 'the next')
    const gone = expectCode(await op.load(first?.id ?? ''), 'CHECKPOINT_NOT_FOUND', 'load')
    expectEqual(gone, { identifier: first?.id, reason: 'cleared' }, 'details')
    await op.close()
  },
  'complete is remembered, with its first result': async (store) => {
    const op = await open(store)
    await checkpoints(op, 3)
    unwrap(await op.complete({ rows: 3 }))
    unwrap(await op.complete({ rows: 4 }))
    expectCode(await op.checkpoint('late', 1), 'OPERATION_COMPLETED', 'checkpoint')
    expectEqual(unwrap(await op.latest()), undefined, 'latest')
    await op.close()
    const again = await open(store)
    const status = unwrap(await again.status())
    expectEqual([status.state, status.result], ['completed', { rows: 3 }], 'status')
    expectCode(await again.checkpoint('late', 1), 'OPERATION_COMPLETED', 'checkpoint')
    await again.close()
    const restarted = await open(store, { restart: true })
    expectEqual(unwrap(await restarted.status()).state, 'fresh', 'restarted')
    expectEqual(unwrap(await restarted.checkpoint('x', 1)).seq, 0, 'seq')
    await restarted.close()
  },
  'a fresh operation can be completed': async (store) => {
    const op = await open(store)
    unwrap(await op.complete())
    expectEqual(unwrap(await op.status()).state, 'completed', 'state')
    unwrap(await op.clear())
    expectEqual(unwrap(await op.status()).state, 'fresh', 'state')
    await op.close()
  },
  'what was asked for before complete is recorded, what comes after is refused': async (store) => {
    const op = await open(store)
    const results = await Promise.all([
      op.checkpoint('before', 1),
      op.complete('done'),
      op.checkpoint('after', 2),
    ])
    expectEqual(
      results.map(({ ok }) => ok),
      [true, true, false],
      'results',
    )
    await op.close()
  },
  'compact, clear and complete leave everything else alone': async (store) => {
    const foreign = ['operation/backup00.chk', 'readme', 'operation/deep/er/x', 'other/y']
    for (const key of foreign) unwrap(await store.put(key, new Uint8Array([1])))
    const other = await open(store, { name: 'other' })
    unwrap(await other.checkpoint('x', 'mine'))
    const op = await open(store)
    await checkpoints(op, 3)
    unwrap(await op.compact('y'))
    unwrap(await op.clear())
    await checkpoints(op, 3)
    unwrap(await op.complete())
    await op.close()
    const keys = await keysOf(store)
    expectEqual(
      foreign.filter((key) => !keys.includes(key)),
      [],
      'lost',
    )
    expectEqual(unwrap(await other.latest())?.payload, 'mine', 'the other operation')
    await other.close()
  },
  'operations can be listed and removed': async (store) => {
    const long = 'long '.repeat(100)
    for (const name of ['b', 'a', long]) {
      const op = await open(store, { name })
      unwrap(await op.checkpoint('x', 1))
      await op.close()
    }
    const listed = async (): Promise<string[]> => {
      const names: string[] = []
      for await (const name of listOperations(store)) names.push(name)
      return names.sort()
    }
    expectEqual(await listed(), ['a', 'b', long], 'listed')
    unwrap(await removeOperation(store, 'a', { staleAfterMs: STALE_AFTER_MS }))
    expectEqual(await listed(), ['b', long], 'after removing')
  },
}

import { detail, drain, fails, same, succeeds } from '../check.ts'
import { LARGE_ENTRY_BYTES, load, save, valueOf, type StorageCase } from './storage-case.ts'

/** One identifier, many commits. */
export const generationCases: readonly StorageCase[] = [
  {
    name: 'a replaced checkpoint goes on reading what it read',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1, big: new Uint8Array(LARGE_ENTRY_BYTES).fill(1) })
      const first = await load(one, 'a')
      same(await save(one, 'a', { x: 2, big: new Uint8Array(LARGE_ENTRY_BYTES).fill(2) }), 2, '')
      same(await succeeds(first.get('x'), 'get'), 1, 'x of the first')
      same((await succeeds(first.getBytes('big'), 'getBytes'))[0], 1, 'big of the first')
      same(await valueOf(await storage(), 'a', 'x'), 2, 'x of the newest')
    },
  },
  {
    name: 'generations lists what retention keeps, newest first, and each can be loaded',
    run: async ({ storage }) => {
      const one = await storage({ keepLast: 3 })
      for (let n = 1; n <= 3; n++)
        await save(one, 'a', { n }, { ifExists: 'replace', metadata: { n } })
      const listed = await drain((await storage()).generations('a'))
      same(
        listed.map(({ generation }) => generation),
        [3, 2, 1],
        'generations',
      )
      same(
        listed.map((info) => (info.damage === undefined ? info.metadata : info)),
        [{ n: 3 }, { n: 2 }, { n: 1 }],
        'metadata',
      )
      for (const generation of [1, 2, 3]) {
        const loaded = await succeeds(one.loadCheckpoint('a', { generation }), 'load')
        same(
          [loaded.generation, await succeeds(loaded.get('n'), 'get')],
          [generation, generation],
          '',
        )
        await loaded.close()
      }
      for (const generation of [0, 4, 1.5]) {
        const loading = one.loadCheckpoint('a', { generation })
        await fails(
          loading,
          ['CHECKPOINT_NOT_FOUND', 'INVALID_ARGUMENT'],
          `generation ${generation}`,
        )
      }
    },
  },
  {
    name: 'expect pins the generation at commit: CONFLICT, and nothing changes',
    run: async ({ storage }) => {
      const one = await storage({ guard: false })
      await save(one, 'a', { x: 1 }, { expect: 'absent' })
      const stale = await succeeds(one.createCheckpoint('a', { expect: 1 }), 'create')
      await succeeds(stale.put('x', 'stale'), 'put')
      await save(one, 'a', { x: 2 }, { expect: 1 })
      const error = await fails(stale.commit(), 'CONFLICT', 'commit')
      same([detail(error, 'expected'), detail(error, 'actual')], [1, 2], 'details')
      await fails(one.save('a', { x: 3 }, { expect: 'absent' }), 'CONFLICT', "expect 'absent'")
      await fails(one.save('b', { x: 3 }, { expect: 1 }), 'CONFLICT', 'expect of nothing')
      same(await valueOf(one, 'a', 'x'), 2, 'value')
      await fails(one.loadCheckpoint('b'), 'CHECKPOINT_NOT_FOUND', 'load b')
    },
  },
  {
    name: 'minGeneration refuses an older state with ROLLBACK_DETECTED',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      await save(one, 'a', { x: 2 })
      const loaded = await succeeds(one.loadCheckpoint('a', { minGeneration: 2 }), 'load')
      same(loaded.generation, 2, 'generation')
      await loaded.close()
      await fails(one.loadCheckpoint('a', { minGeneration: 3 }), 'ROLLBACK_DETECTED', 'load')
      await fails(one.loadCheckpoint('none', { minGeneration: 1 }), 'ROLLBACK_DETECTED', 'load')
    },
  },
  {
    name: 'generations rise across a removal, and the removed ones are not found',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      await save(one, 'a', { x: 2 })
      await succeeds(one.removeCheckpoint('a'), 'remove')
      const generation = await save(await storage(), 'a', { x: 3 }, {})
      same(generation > 2, true, `generation ${generation} after 2 and a removal`)
      await fails(one.loadCheckpoint('a', { generation: 2 }), 'CHECKPOINT_NOT_FOUND', 'load 2')
      const listed = await drain(one.generations('a'))
      same(
        listed.map((info) => info.generation),
        [generation],
        'generations',
      )
    },
  },
  {
    name: 'a loser of a race stages its large entries again, and they are whole',
    run: async ({ storage }) => {
      const one = await storage({ guard: false })
      const options = { ifExists: 'replace' } as const
      const drafts = []
      for (const n of [1, 2, 3]) {
        const draft = await succeeds(one.createCheckpoint('a', options), 'create')
        await succeeds(draft.put('big', new Uint8Array(LARGE_ENTRY_BYTES).fill(n)), 'put')
        drafts.push(draft)
      }
      for (const [i, draft] of drafts.entries()) {
        const committed = await succeeds(draft.commit(), 'commit')
        const big = await succeeds(committed.getBytes('big'), 'getBytes')
        same(
          [committed.generation, big.length, big[0]],
          [i + 1, LARGE_ENTRY_BYTES, i + 1],
          'committed',
        )
        await committed.close()
      }
      await succeeds(one.gc(), 'gc')
      const big = await valueOf(await storage(), 'a', 'big')
      isThird(big)
    },
  },
]

function isThird(big: unknown): void {
  same(
    big instanceof Uint8Array && big.every((byte) => byte === 3) && big.length,
    LARGE_ENTRY_BYTES,
    'the newest',
  )
}

import { check, detail, drain, drainFails, fails, same, succeeds } from '../check.ts'
import { load, save, valueOf, type StorageCase } from './storage-case.ts'

/** From nothing to a checkpoint and back. */
export const lifeCycleCases: readonly StorageCase[] = [
  {
    name: 'what was committed is loaded as it was, with its generation and time',
    run: async ({ storage }) => {
      const one = await storage({ now: () => 1_700_000_000_000 })
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', { n: 1, list: [true, null, 'é'] }), 'put')
      const committed = await succeeds(draft.commit(), 'commit')
      const loaded = await load(await storage(), 'a')
      for (const checkpoint of [committed, loaded]) {
        same(checkpoint.identifier, 'a', 'identifier')
        same(checkpoint.generation, 1, 'generation')
        same(checkpoint.committedAt.getTime(), 1_700_000_000_000, 'committedAt')
        same(checkpoint.keys(), ['x'], 'keys')
        const value = await succeeds(checkpoint.get('x'), 'get')
        same(value, { n: 1, list: [true, null, 'é'] }, 'value')
      }
    },
  },
  {
    name: 'commitCheckpoint is commit, and save is all in one',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', 1), 'put')
      await succeeds(one.commitCheckpoint(draft), 'commitCheckpoint')
      same(await valueOf(one, 'a', 'x'), 1, 'a')
      const saved = await succeeds(one.save('b', { x: 2, y: new Uint8Array([3]) }), 'save')
      same([saved.identifier, saved.generation], ['b', 1], 'saved')
      same(await valueOf(await storage(), 'b', 'x'), 2, 'b')
    },
  },
  {
    name: 'before commit nobody else sees anything',
    run: async ({ storage }) => {
      const [one, other] = [await storage(), await storage()]
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', 1), 'put')
      for (const reader of [one, other]) {
        await fails(reader.loadCheckpoint('a'), 'CHECKPOINT_NOT_FOUND', 'load')
        same(await drain(reader.checkpointIdentifiers()), [], 'identifiers')
      }
      await draft.abort()
    },
  },
  {
    name: 'an empty checkpoint can be committed',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a')
      same((await load(await storage(), 'a')).keys(), [], 'keys')
    },
  },
  {
    name: 'creating what is committed is CHECKPOINT_ALREADY_EXISTS, and changes nothing',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      for (const by of [one, await storage()]) {
        const error = await fails(by.createCheckpoint('a'), 'CHECKPOINT_ALREADY_EXISTS', 'create')
        same([detail(error, 'identifier'), detail(error, 'reason')], ['a', 'committed'], 'details')
        await fails(by.save('a', { x: 2 }), 'CHECKPOINT_ALREADY_EXISTS', 'save')
      }
      same(await valueOf(one, 'a', 'x'), 1, 'value')
    },
  },
  {
    name: 'that an identifier is free is checked again at commit',
    run: async ({ storage }) => {
      const one = await storage({ guard: false })
      const late = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(late.put('x', 'late'), 'put')
      await save(await storage({ guard: false }), 'a', { x: 'first' })
      await fails(late.commit(), 'CHECKPOINT_ALREADY_EXISTS', 'commit')
      same(await valueOf(one, 'a', 'x'), 'first', 'value')
    },
  },
  {
    name: 'what is not there is CHECKPOINT_NOT_FOUND for load and remove',
    run: async ({ storage }) => {
      const one = await storage()
      const error = await fails(one.loadCheckpoint('a'), 'CHECKPOINT_NOT_FOUND', 'load')
      same(detail(error, 'identifier'), 'a', 'details.identifier')
      await fails(one.removeCheckpoint('a'), 'CHECKPOINT_NOT_FOUND', 'remove')
      await drainFails(one.generations('a'), 'CHECKPOINT_NOT_FOUND', 'generations')
    },
  },
  {
    name: 'a removed checkpoint is gone for everybody, and its identifier is free',
    run: async ({ storage }) => {
      const [one, other] = [await storage(), await storage()]
      await save(one, 'a', { x: 1 })
      await save(one, 'b')
      await succeeds(one.removeCheckpoint('a'), 'remove')
      for (const reader of [one, other, await storage()]) {
        await fails(reader.loadCheckpoint('a'), 'CHECKPOINT_NOT_FOUND', 'load')
        await fails(reader.removeCheckpoint('a'), 'CHECKPOINT_NOT_FOUND', 'remove again')
        same(await drain(reader.checkpointIdentifiers()), ['b'], 'identifiers')
      }
      await succeeds(other.save('a', { x: 2 }), 'save again')
      same(await valueOf(one, 'a', 'x'), 2, 'value')
    },
  },
  {
    name: 'of many saves of one new identifier exactly one is ok',
    run: async ({ storage }) => {
      const storages = [await storage(), await storage(), await storage()]
      const saves = await Promise.all(
        Array.from({ length: 4 }, (_, round) =>
          storages.map((by, i) => by.save('a', { x: round * 3 + i })),
        ).flat(),
      )
      const winners = saves.flatMap((saved, i) => (saved.ok ? [i] : []))
      const codes = saves.flatMap((saved) => (saved.ok ? [] : [saved.error.code]))
      same(winners.length, 1, 'winners')
      same(new Set(codes).size === 1 && codes[0], 'CHECKPOINT_ALREADY_EXISTS', 'what others got')
      same(await valueOf(await storage(), 'a', 'x'), winners[0], 'value')
    },
  },
  {
    name: 'of many replacing saves every one is ok, and each is a generation of its own',
    run: async ({ storage }) => {
      const storages = [await storage(), await storage()]
      const generations = await Promise.all(
        Array.from({ length: 10 }, (_, i) => {
          const by = storages[i % 2]
          check(by !== undefined, 'there are two storages')
          return save(by, 'a', { x: i })
        }),
      )
      same(
        generations.toSorted((a, b) => a - b),
        Array.from({ length: 10 }, (_, i) => i + 1),
        '',
      )
      const newest = generations.indexOf(10)
      same(await valueOf(await storage(), 'a', 'x'), newest, 'value of the newest')
    },
  },
  {
    name: 'after close every call is CLOSED; closing again does nothing',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      const draft = await succeeds(one.createCheckpoint('b'), 'create')
      await one.close()
      await one.close()
      await fails(one.createCheckpoint('c'), 'CLOSED', 'create')
      await fails(one.loadCheckpoint('a'), 'CLOSED', 'load')
      await fails(one.removeCheckpoint('a'), 'CLOSED', 'remove')
      await fails(one.save('c', {}), 'CLOSED', 'save')
      await fails(one.gc(), 'CLOSED', 'gc')
      await fails(one.verify(), 'CLOSED', 'verify')
      await drainFails(one.checkpointIdentifiers(), 'CLOSED', 'identifiers')
      await drainFails(one.generations('a'), 'CLOSED', 'generations')
      await fails(draft.commit(), 'CLOSED', 'commit of a draft')
      same(await valueOf(await storage(), 'a', 'x'), 1, 'value')
    },
  },
  {
    name: 'an aborted signal stops a call before it changes anything, and says so',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      const options = { signal: AbortSignal.abort(), ifExists: 'replace' } as const
      const error = await fails(one.save('a', { x: 2 }, options), 'ABORTED', 'save')
      same(detail(error, 'committed'), false, 'details.committed')
      const draft = await succeeds(one.createCheckpoint('b'), 'create')
      await succeeds(draft.put('x', 1), 'put')
      await fails(draft.commit(options), 'ABORTED', 'commit')
      await fails(one.loadCheckpoint('a', options), 'ABORTED', 'load')
      await fails(one.removeCheckpoint('a', options), 'ABORTED', 'remove')
      await fails(one.gc(options), 'ABORTED', 'gc')
      same(await valueOf(one, 'a', 'x'), 1, 'value')
      await succeeds(draft.commit(), 'commit without the signal')
      same(await valueOf(one, 'b', 'x'), 1, 'value of b')
    },
  },
  {
    name: 'a signal that fires after commit undoes nothing',
    run: async ({ storage }) => {
      const one = await storage()
      const controller = new AbortController()
      await save(one, 'a', { x: 1 }, { signal: controller.signal })
      controller.abort()
      same(await valueOf(one, 'a', 'x'), 1, 'value')
    },
  },
]

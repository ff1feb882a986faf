import { detail, fails, same, succeeds } from '../check.ts'
import { load, save, valueOf, type StorageCase } from './storage-case.ts'

/** Drafts and readers that know of each other; two storages on one medium are two processes. */
export const guardCases: readonly StorageCase[] = [
  {
    name: 'a second draft of an identifier is refused while the first lives, here and elsewhere',
    run: async ({ storage }) => {
      const [one, other] = [await storage({ guard: true }), await storage({ guard: true })]
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      for (const by of [one, other]) {
        const error = await fails(by.createCheckpoint('a'), 'CHECKPOINT_ALREADY_EXISTS', 'create')
        same(detail(error, 'reason'), 'draft', 'reason')
      }
      await draft.abort()
      const third = await succeeds(other.createCheckpoint('a'), 'create after abort')
      await succeeds(third.commit(), 'commit')
      await succeeds(one.createCheckpoint('a', { ifExists: 'replace' }), 'create after commit')
    },
  },
  {
    name: 'what somebody has open is CHECKPOINT_IN_USE for remove, here and elsewhere',
    run: async ({ storage }) => {
      const [one, other] = [await storage({ guard: true }), await storage({ guard: true })]
      await save(one, 'a', { x: 1 })
      const [first, second] = [await load(one, 'a'), await load(one, 'a')]
      for (const by of [one, other]) {
        await fails(by.removeCheckpoint('a'), 'CHECKPOINT_IN_USE', 'remove')
      }
      await first.close()
      await first.close()
      await fails(other.removeCheckpoint('a'), 'CHECKPOINT_IN_USE', 'remove with one left')
      same(await succeeds(second.get('x'), 'get'), 1, 'value')
      await second.close()
      await succeeds(other.removeCheckpoint('a'), 'remove')
      await fails(one.loadCheckpoint('a'), 'CHECKPOINT_NOT_FOUND', 'load')
    },
  },
  {
    name: 'what commit gives counts as in use until it is closed',
    run: async ({ storage }) => {
      const one = await storage({ guard: true })
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      const committed = await succeeds(draft.commit(), 'commit')
      await fails(one.removeCheckpoint('a'), 'CHECKPOINT_IN_USE', 'remove')
      await committed[Symbol.asyncDispose]()
      await succeeds(one.removeCheckpoint('a'), 'remove')
    },
  },
  {
    name: 'a closed checkpoint is CLOSED',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      const loaded = await load(one, 'a')
      await loaded.close()
      await loaded.close()
      await fails(loaded.get('x'), 'CLOSED', 'get')
      await fails(loaded.getBytes('x'), 'CLOSED', 'getBytes')
    },
  },
  {
    name: 'a storage that is closed lets go of what it held',
    run: async ({ storage }) => {
      const [one, other] = [await storage({ guard: true }), await storage({ guard: true })]
      await save(one, 'a', { x: 1 })
      await load(one, 'a')
      await succeeds(one.createCheckpoint('b'), 'create')
      await one.close()
      await succeeds(other.removeCheckpoint('a'), 'remove')
      await succeeds(other.createCheckpoint('b'), 'create')
    },
  },
  {
    name: 'save takes no claim: it goes on beside a draft, and the draft learns at commit',
    run: async ({ storage }) => {
      const one = await storage({ guard: true })
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await save(one, 'a', { x: 'saved' }, {})
      await fails(draft.commit(), 'CHECKPOINT_ALREADY_EXISTS', 'commit')
      same(await valueOf(one, 'a', 'x'), 'saved', 'value')
    },
  },
]

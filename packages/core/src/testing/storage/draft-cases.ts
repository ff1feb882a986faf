import { detail, fails, same, succeeds } from '../check.ts'
import { LARGE_ENTRY_BYTES, load, save, valueOf, type StorageCase } from './storage-case.ts'

/** A checkpoint in the making. */
export const draftCases: readonly StorageCase[] = [
  {
    name: 'a draft reads its own writes',
    run: async ({ storage }) => {
      const draft = await succeeds((await storage()).createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', { n: 1 }), 'put')
      await succeeds(draft.put('big', new Uint8Array(LARGE_ENTRY_BYTES).fill(7)), 'put')
      same(await succeeds(draft.get('x'), 'get'), { n: 1 }, 'x')
      same((await succeeds(draft.getBytes('big'), 'getBytes')).length, LARGE_ENTRY_BYTES, 'big')
      same(draft.keys(), ['big', 'x'], 'keys')
      same(draft.identifier, 'a', 'identifier')
      await draft.abort()
    },
  },
  {
    name: 'the last put of a key wins, in the order of the calls',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      // A large one takes longer than a small one.
      const puts = [
        draft.put('x', new Uint8Array(LARGE_ENTRY_BYTES)),
        draft.put('x', 1),
        draft.put('x', 2),
      ]
      const committing = draft.commit()
      for (const put of puts) await succeeds(put, 'put')
      const committed = await succeeds(committing, 'commit')
      same(committed.keys(), ['x'], 'keys')
      await committed.close()
      same(await valueOf(one, 'a', 'x'), 2, 'value')
    },
  },
  {
    name: 'a commit waits for puts that began before it and refuses later ones',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      const before = draft.put('x', 'before')
      const committing = draft.commit()
      const after = draft.put('y', 'after')
      await succeeds(before, 'put before')
      const committed = await succeeds(committing, 'commit')
      await fails(after, 'CLOSED', 'put after')
      same(committed.keys(), ['x'], 'keys')
    },
  },
  {
    name: 'a missing key is KEY_NOT_FOUND, naming identifier and key',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      const missing = [
        await fails(draft.get('x'), 'KEY_NOT_FOUND', 'get on a draft'),
        await fails(draft.getBytes('x'), 'KEY_NOT_FOUND', 'getBytes on a draft'),
        await fails(draft.remove('x'), 'KEY_NOT_FOUND', 'remove'),
      ]
      const committed = await succeeds(draft.commit(), 'commit')
      missing.push(await fails(committed.get('x'), 'KEY_NOT_FOUND', 'get on a checkpoint'))
      for (const error of missing) same(error.details, { identifier: 'a', key: 'x' }, 'details')
    },
  },
  {
    name: 'a key that was removed is not committed',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', 1), 'put')
      await succeeds(draft.put('y', new Uint8Array(LARGE_ENTRY_BYTES)), 'put')
      await succeeds(draft.put('z', 3), 'put')
      await succeeds(draft.remove('x'), 'remove')
      await succeeds(draft.remove('y'), 'remove')
      await fails(draft.remove('x'), 'KEY_NOT_FOUND', 'remove again')
      const committed = await succeeds(draft.commit(), 'commit')
      same(committed.keys(), ['z'], 'keys')
    },
  },
  {
    name: 'a finished draft is CLOSED for every call, and disposing of it does nothing',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', 1), 'put')
      await succeeds(draft.commit(), 'commit')
      const error = await fails(draft.commit(), 'CLOSED', 'commit again')
      same(detail(error, 'reason'), 'spent', 'reason')
      await fails(draft.put('x', 2), 'CLOSED', 'put')
      await fails(draft.get('x'), 'CLOSED', 'get')
      await fails(draft.remove('x'), 'CLOSED', 'remove')
      await draft.abort()
      await draft[Symbol.asyncDispose]()
      same(await valueOf(one, 'a', 'x'), 1, 'value')
    },
  },
  {
    name: 'an aborted draft leaves nothing, and aborting again does nothing',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', 1), 'put')
      await draft[Symbol.asyncDispose]()
      await draft.abort()
      await fails(draft.commit(), 'CLOSED', 'commit')
      await fails(one.loadCheckpoint('a'), 'CHECKPOINT_NOT_FOUND', 'load')
      await save(one, 'a', { x: 2 }, {})
    },
  },
  {
    name: 'a put that failed is remembered: commit returns its error until the key is put right',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', 1), 'put')
      await fails(draft.put('y', Number.NaN), 'ENCODE_FAILED', 'put')
      await fails(draft.commit(), 'ENCODE_FAILED', 'commit')
      await succeeds(draft.put('y', 2), 'put again')
      const committed = await succeeds(draft.commit(), 'commit')
      same(committed.keys(), ['x', 'y'], 'keys')
      const other = await succeeds(one.createCheckpoint('b'), 'create')
      await fails(other.put('y', Number.NaN), 'ENCODE_FAILED', 'put')
      await succeeds(other.remove('y'), 'remove what failed')
      same((await succeeds(other.commit(), 'commit')).keys(), [], 'keys')
    },
  },
  {
    name: 'a put that failed keeps what the key had before',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('x', 'kept'), 'put')
      await fails(draft.put('x', Number.NaN), 'ENCODE_FAILED', 'put')
      same(await succeeds(draft.get('x'), 'get'), 'kept', 'value')
      await draft.abort()
    },
  },
  {
    name: 'changing a value after put, or one that was read, changes nothing',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      const [small, large] = [new Uint8Array(3).fill(1), new Uint8Array(LARGE_ENTRY_BYTES).fill(1)]
      const object = { list: [1] }
      await succeeds(draft.put('small', small), 'put')
      await succeeds(draft.put('large', large), 'put')
      await succeeds(draft.put('object', object), 'put')
      small.fill(2)
      large.fill(2)
      object.list.push(2)
      const committed = await succeeds(draft.commit(), 'commit')
      for (const key of ['small', 'large']) {
        const bytes = await succeeds(committed.getBytes(key), 'getBytes')
        same([bytes[0], bytes.at(-1)], [1, 1], key)
        bytes.fill(3)
        same((await succeeds(committed.getBytes(key), 'getBytes'))[0], 1, `${key} again`)
      }
      same(await succeeds(committed.get('object'), 'get'), { list: [1] }, 'object')
      same((await (await load(one, 'a')).getBytes('small')).ok, true, 'loaded')
    },
  },
]

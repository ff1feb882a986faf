import { drainFails, fails, same, succeeds } from '../check.ts'
import { bytesOf, putText, textAt, type BlobStoreCase } from './blob-store-case.ts'

/** The end of a handle. */
export const closeCases: readonly BlobStoreCase[] = [
  {
    name: 'after close every call is CLOSED; closing again does nothing',
    run: async (store) => {
      await putText(store, 'a', 'x')
      await store.close()
      await store.close()
      await store[Symbol.asyncDispose]()
      await fails(store.put('b', bytesOf('x')), 'CLOSED', 'put')
      await fails(store.putMany([['b', bytesOf('x')]]), 'CLOSED', 'putMany')
      await fails(store.get('a'), 'CLOSED', 'get')
      await fails(store.head('a'), 'CLOSED', 'head')
      await fails(store.delete('a'), 'CLOSED', 'delete')
      await drainFails(store.list(), 'CLOSED', 'list')
    },
  },
  {
    name: 'what was put is there for the next handle',
    hook: 'reopen',
    run: async (store, { reopen }) => {
      if (reopen === undefined) return
      await succeeds(store.put('a/b', bytesOf('kept'), { if: 'absent' }), 'put')
      const other = await reopen(store)
      await store.close()
      same(await textAt(other, 'a/b'), 'kept', 'text')
      await fails(other.put('a/b', bytesOf('x'), { if: 'absent' }), 'CONFLICT', 'create')
      await other.close()
    },
  },
]

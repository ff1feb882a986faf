import type { BlobBody } from '../../blob/blob-store.ts'
import { check, detail, drain, fails, same, succeeds } from '../check.ts'
import {
  bytesAt,
  bytesOf,
  putText,
  streamOf,
  textAt,
  type BlobStoreCase,
} from './blob-store-case.ts'

/** Several blobs in one call. */
export const putManyCases: readonly BlobStoreCase[] = [
  {
    name: 'putMany stores every blob and gives its facts in the order given',
    run: async (store) => {
      const blobs: [string, BlobBody][] = [
        ['x/2', bytesOf('two')],
        ['x/1', streamOf('o', 'ne')],
        ['y/3', bytesOf('')],
      ]
      const infos = await succeeds(store.putMany(blobs), 'putMany')
      same(
        infos.map(({ key, sizeBytes }) => [key, sizeBytes]),
        [
          ['x/2', 3],
          ['x/1', 3],
          ['y/3', 0],
        ],
        'infos',
      )
      same(await textAt(store, 'x/2'), 'two', 'x/2')
      same(await textAt(store, 'x/1'), 'one', 'x/1')
      same(await textAt(store, 'y/3'), '', 'y/3')
      const head = await succeeds(store.head('x/2'), 'head')
      same(head?.version, infos[0]?.version, 'version')
      same(await succeeds(store.putMany([]), 'putMany of nothing'), [], 'nothing')
    },
  },
  {
    name: 'putMany that fails says in details.written which blobs are stored for certain',
    run: async (store) => {
      await putText(store, 'b', 'taken')
      const blobs = ['a', 'b', 'c'].map((key): [string, BlobBody] => [key, bytesOf(`new ${key}`)])
      const error = await fails(store.putMany(blobs, { if: 'absent' }), 'CONFLICT', 'putMany')
      const written: unknown = detail(error, 'written')
      check(Array.isArray(written), 'details.written must be a list of keys')
      check(!written.includes('b'), 'the blob that failed is not written')
      for (const key of written) same(await textAt(store, String(key)), `new ${key}`, String(key))
      same(await textAt(store, 'b'), 'taken', 'b')
    },
  },
  {
    name: 'putMany with a bad key stores nothing under it',
    run: async (store) => {
      const blobs: [string, BlobBody][] = [
        ['good', bytesOf('1')],
        ['../bad', bytesOf('2')],
      ]
      await fails(store.putMany(blobs), 'INVALID_ARGUMENT', 'putMany')
      const keys = (await drain(store.list())).map(({ key }) => key)
      check(
        keys.every((key) => key === 'good'),
        `there is ${keys.join(', ')}`,
      )
    },
  },
  {
    name: 'putMany whose source fails keeps what was there',
    run: async (store) => {
      async function* failing(): AsyncIterable<Uint8Array> {
        yield bytesOf('half')
        throw new Error('the source broke')
      }
      await putText(store, 'a', 'before')
      await fails(
        store.putMany([
          ['a', failing()],
          ['b', failing()],
        ]),
        'INVALID_ARGUMENT',
        'putMany',
      )
      same(await textAt(store, 'a'), 'before', 'a')
      same(await bytesAt(store, 'b'), undefined, 'b')
    },
  },
]

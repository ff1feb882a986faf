import { detail, drain, fails, same, succeeds } from '../check.ts'
import { bytesOf, textAt, type BlobStoreCase } from './blob-store-case.ts'

/** None of these is a key on any medium. */
const BAD_KEYS = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../b',
  './a',
  '.a',
  'a.',
  'a/.b',
  'a./b',
  'A',
  'aB',
  'é',
  'e\u0301',
  '🌊',
  'a b',
  ' a',
  'a\u0000',
  'a\n',
  'a\\b',
  'a:b',
  'a*',
  'a?',
  '%41',
  'con',
  'nul',
  'aux.txt',
  'com1',
  'lpt9.log',
  'a/con/b',
  'x'.repeat(201),
  `${'x/'.repeat(300)}x`,
  '\ud800',
  'c:',
  '~',
  'a+b',
  'a=b',
  '__proto__\u0000',
]

/** All of these are. */
const GOOD_KEYS = [
  '0',
  'a',
  '-',
  '_',
  'a.b.c',
  'a-b_c.d',
  'constructor',
  '__proto__',
  'r1',
  'f1',
  'hint',
  'n-_2e_2e_2f',
  'r1025/1025',
  'cone',
  'com10',
  'deep/er/and/deep/er',
  'tmp-1',
]

/** What a key may be. */
export const keyCases: readonly BlobStoreCase[] = [
  {
    name: 'a key that is none is refused by every call, before the medium is asked anything',
    run: async (store, { countCalls }) => {
      const before = countCalls?.(store)
      for (const key of BAD_KEYS) {
        const shown = JSON.stringify(key.slice(0, 40))
        const refused = (call: string): string => `${call} ${shown}`
        await fails(store.put(key, bytesOf('x')), 'INVALID_ARGUMENT', refused('put'))
        await fails(store.get(key), 'INVALID_ARGUMENT', refused('get'))
        await fails(store.head(key), 'INVALID_ARGUMENT', refused('head'))
        await fails(store.delete(key), 'INVALID_ARGUMENT', refused('delete'))
        await fails(store.delete(['fine', key]), 'INVALID_ARGUMENT', refused('delete many'))
      }
      same(countCalls?.(store), before, 'calls of the medium')
      same((await drain(store.list())).length, 0, 'blobs')
    },
  },
  {
    name: 'segments of a-z 0-9 . _ - are keys, whatever they mean elsewhere',
    run: async (store) => {
      for (const key of GOOD_KEYS) await succeeds(store.put(key, bytesOf(key)), `put ${key}`)
      for (const key of GOOD_KEYS) same(await textAt(store, key), key, key)
      const listed = (await drain(store.list())).map(({ key }) => key)
      same(listed, GOOD_KEYS.toSorted(), 'keys')
    },
  },
  {
    name: 'the longest key that supports promises works, as does the longest segment',
    run: async (store) => {
      const { maxKeyBytes } = store.supports
      const longest = 'abcdefghi/'.repeat(Math.ceil(maxKeyBytes / 10)).slice(0, maxKeyBytes - 1)
      const keys = [`${longest}z`, `d/${'s'.repeat(Math.min(200, maxKeyBytes - 2))}`]
      for (const key of keys) {
        await succeeds(store.put(key, bytesOf('x'), { if: 'absent' }), `put of ${key.length} bytes`)
        same(await textAt(store, key), 'x', `a key of ${key.length} bytes`)
      }
      await fails(store.put(`${longest}zz`, bytesOf('x')), 'INVALID_ARGUMENT', 'a longer one')
    },
  },
  {
    name: 'the facts and errors of a call name the key that was asked for',
    run: async (store) => {
      const info = await succeeds(store.put('a/b', bytesOf('x'), { if: 'absent' }), 'put')
      same(info.key, 'a/b', 'key of put')
      const taken = await fails(store.put('a/b', bytesOf('x'), { if: 'absent' }), 'CONFLICT', 'put')
      same(detail(taken, 'key'), 'a/b', 'details.key')
      const many = store.putMany(
        [
          ['a/c', bytesOf('x')],
          ['a/b', bytesOf('x')],
        ],
        { if: 'absent' },
      )
      const error = await fails(many, 'CONFLICT', 'putMany')
      same(detail(error, 'key'), 'a/b', 'details.key of putMany')
    },
  },
]

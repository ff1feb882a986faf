import type { BlobBody, BlobStore, ListOptions } from '../../blob/blob-store.ts'
import { check, drain, drainFails, same, succeeds } from '../check.ts'
import { bytesOf, putText, textAt, type BlobStoreCase } from './blob-store-case.ts'

/** In byte order: `-` before `.` before `/` before digits before letters. */
const SORTED = ['a-b', 'a.b', 'a/b', 'a/b0', 'a/c/d', 'a0', 'a_b', 'ab', 'b', 'b-/x', 'b1/x']

/** More than one page of any medium. */
const MANY = 1100

async function fill(store: BlobStore, keys: readonly string[]): Promise<void> {
  for (const key of keys.toReversed()) await putText(store, key, key)
}

async function keysOf(store: BlobStore, options?: ListOptions): Promise<string[]> {
  return (await drain(store.list(options))).map(({ key }) => key)
}

/** Finding what is there. */
export const listCases: readonly BlobStoreCase[] = [
  {
    name: 'list gives every blob once, in byte order of whole keys, with its facts',
    run: async (store) => {
      same(await keysOf(store), [], 'an empty store')
      await fill(store, SORTED)
      same(await keysOf(store), SORTED, 'keys')
      for (const info of await drain(store.list())) {
        same(info, await succeeds(store.head(info.key), 'head'), `facts of ${info.key}`)
      }
    },
  },
  {
    name: 'a prefix is any string, not only whole segments',
    run: async (store) => {
      await fill(store, SORTED)
      const prefixes = [
        '',
        'a',
        'a/',
        'a/b',
        'a/b0',
        'a-',
        'b',
        'b-',
        'b/',
        'x',
        'A',
        '../',
        '.',
        '/',
      ]
      for (const prefix of prefixes) {
        const expected = SORTED.filter((key) => key.startsWith(prefix))
        same(await keysOf(store, { prefix }), expected, `prefix ${JSON.stringify(prefix)}`)
      }
    },
  },
  {
    name: 'startAfter begins behind any string, whether or not it is a key',
    run: async (store) => {
      await fill(store, SORTED)
      for (const startAfter of [
        '',
        'a',
        'a-',
        'a.b',
        'a/',
        'a/b',
        'a/bz',
        'a/c',
        'a0',
        'b1/x',
        'z',
      ]) {
        const expected = SORTED.filter((key) => key > startAfter)
        same(await keysOf(store, { startAfter }), expected, `after ${JSON.stringify(startAfter)}`)
        const inside = expected.filter((key) => key.startsWith('a/'))
        same(await keysOf(store, { startAfter, prefix: 'a/' }), inside, `a/ after ${startAfter}`)
      }
    },
  },
  {
    name: 'limit ends the listing, and paging by the last key gives each blob once',
    run: async (store) => {
      await fill(store, SORTED)
      same(await keysOf(store, { limit: 0 }), [], 'limit 0')
      same(await keysOf(store, { limit: 3 }), SORTED.slice(0, 3), 'limit 3')
      same(await keysOf(store, { limit: 99 }), SORTED, 'limit 99')
      for (const limit of [1, 2, 4]) {
        const paged: string[] = []
        for (;;) {
          const startAfter = paged.at(-1)
          const page = await keysOf(
            store,
            startAfter === undefined ? { limit } : { limit, startAfter },
          )
          if (page.length === 0) break
          check(page.length <= limit, `a page of ${page.length} under limit ${limit}`)
          paged.push(...page)
        }
        same(paged, SORTED, `pages of ${limit}`)
      }
    },
  },
  {
    name: 'more than a thousand blobs are stored, listed and deleted',
    run: async (store) => {
      const keys = Array.from({ length: MANY }, (_, i) => `many/${String(i).padStart(5, '0')}`)
      const blobs = keys.map((key): [string, BlobBody] => [key, bytesOf('x')])
      await succeeds(store.putMany(blobs, { durable: false }), 'putMany')
      same(await keysOf(store, { prefix: 'many/' }), keys, 'keys')
      same(await keysOf(store, { prefix: 'many/', limit: 1050 }), keys.slice(0, 1050), 'limited')
      same(await succeeds(store.delete(keys), 'delete'), { deleted: MANY, failed: [] }, 'report')
      same(await keysOf(store), [], 'after delete')
    },
  },
  {
    name: 'what is there throughout a listing is in it once, whatever else comes and goes',
    run: async (store) => {
      const stays = Array.from({ length: 40 }, (_, i) => `k${String(i).padStart(2, '0')}`)
      await fill(store, [...stays, 'k05-gone', 'k35-gone'])
      const seen: string[] = []
      for await (const { key } of store.list()) {
        seen.push(key)
        if (key !== 'k10') continue
        await putText(store, 'k00-new', 'x')
        await putText(store, 'k30-new', 'x')
        await succeeds(store.delete(['k05-gone', 'k35-gone']), 'delete')
      }
      same(
        seen.filter((key) => stays.includes(key)),
        stays,
        'what stayed',
      )
      same(new Set(seen).size, seen.length, 'every key once')
      same(seen, seen.toSorted(), 'in order')
    },
  },
  {
    name: 'a listing can be left early, and the store goes on working',
    run: async (store) => {
      await fill(store, SORTED)
      for await (const { key } of store.list()) if (key === 'a/b') break
      same(await keysOf(store), SORTED, 'keys')
    },
  },
  {
    name: 'an aborted signal ends a listing with ABORTED',
    run: async (store) => {
      await fill(store, SORTED)
      const signal = AbortSignal.abort()
      await drainFails(store.list({ signal }), 'ABORTED', 'list')
    },
  },
  {
    name: 'what is no blob of ours is neither listed nor deleted',
    hook: 'plantForeign',
    run: async (store, { plantForeign }) => {
      await fill(store, ['a/b', 'c'])
      const names = ['README', '.DS_Store', 'a/.hidden', 'a/Thumbs.db', 'x~', 'name with space']
      for (const name of names) await plantForeign?.(store, name)
      same(await keysOf(store), ['a/b', 'c'], 'keys')
      same(await textAt(store, 'a/b'), 'a/b', 'text')
      await succeeds(store.delete(['a/b', 'c']), 'delete')
      same(await keysOf(store), [], 'keys after delete')
    },
  },
]

import type { BlobStore } from '../../blob/blob-store.ts'
import { check, same, succeeds } from '../check.ts'
import { bytesAt, bytesOf, textAt, type BlobStoreCase } from './blob-store-case.ts'

const RACERS = 32

/** Calls on one key at the same time. */
export const raceCases: readonly BlobStoreCase[] = [
  {
    name: 'of 32 concurrent creates exactly one wins, and its bytes are there',
    run: async (store) => createTogether(() => store, store),
  },
  {
    name: 'of 32 concurrent creates from two handles exactly one wins',
    hook: 'reopen',
    run: async (store, { reopen }) => {
      if (reopen === undefined) return
      const other = await reopen(store)
      await createTogether((i) => (i % 2 === 0 ? store : other), other)
      await other.close()
    },
  },
  {
    name: 'of 32 concurrent creates in a place nobody used before exactly one wins',
    run: async (store) => createTogether(() => store, store, 'new/level/key'),
  },
  {
    name: 'concurrent puts of one key leave one of them, whole',
    run: async (store) => {
      const texts = Array.from({ length: RACERS }, (_, i) => `${i}`.repeat(100 + i))
      const puts = await Promise.all(texts.map((text) => store.put('a', bytesOf(text))))
      for (const put of puts) await succeeds(put, 'put')
      const left = (await textAt(store, 'a')) ?? ''
      check(texts.includes(left), 'what is left must be one of the bodies')
    },
  },
  {
    name: 'concurrent creates of different keys all succeed',
    run: async (store) => {
      const keys = Array.from({ length: RACERS }, (_, i) => `d${i % 3}/k${i}`)
      const puts = await Promise.all(
        keys.map((key) => store.put(key, bytesOf(key), { if: 'absent' })),
      )
      for (const put of puts) await succeeds(put, 'put')
      for (const key of keys) same(await textAt(store, key), key, key)
    },
  },
  {
    name: 'a reader beside a writer sees a whole blob at every moment',
    run: async (store) => {
      const sizes = [1000, 20_000]
      const body = (i: number): Uint8Array => new Uint8Array(sizes[i % 2] ?? 0).fill((i % 2) + 1)
      await succeeds(store.put('a', body(0)), 'put')
      const writer = (async () => {
        for (let i = 1; i <= 20; i++) {
          await succeeds(store.put('a', body(i)), `put ${i}`)
          await givingWay()
        }
      })()
      for (let reads = 0; reads < 200; reads++) {
        await givingWay()
        const seen = await bytesAt(store, 'a')
        check(seen !== undefined, 'a replaced blob is never absent')
        const whole = seen.length === sizes[(seen[0] ?? 0) - 1] && seen.every((b) => b === seen[0])
        check(whole, `a reader saw ${seen.length} bytes beginning with ${seen[0]}`)
      }
      await writer
    },
  },
]

/** A medium may answer without ever leaving the microtasks. */
function givingWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

async function createTogether(
  storeOf: (i: number) => BlobStore,
  reader: BlobStore,
  key = 'contested',
): Promise<void> {
  const results = await Promise.all(
    Array.from({ length: RACERS }, (_, i) =>
      storeOf(i).put(key, bytesOf(`racer ${i}`), { if: 'absent' }),
    ),
  )
  const winners = results.flatMap((result, i) => (result.ok ? [i] : []))
  const codes = results.flatMap((result) => (result.ok ? [] : [result.error.code]))
  same(winners.length, 1, 'winners')
  same(
    codes,
    Array.from({ length: RACERS - 1 }, () => 'CONFLICT'),
    'what the others got',
  )
  same(await textAt(reader, key), `racer ${winners[0] ?? -1}`, 'text')
}

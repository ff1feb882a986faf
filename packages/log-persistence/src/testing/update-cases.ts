import { unwrap } from '@tidemark/core'
import { bytesOf, check, failure, same, sleep } from './check.ts'
import type { StoreCase } from './store-case.ts'

/** What an update inside an update must stay well under. */
const PROMPT_MS = 5000

/** The promises of `update`. */
export const updateCases: readonly StoreCase[] = [
  {
    name: 'update gives undefined to the first function, and stores what it returns',
    run: async (place) => {
      const store = place.open()
      const seen: unknown[] = []
      const first = await store.update('foo', (current) => {
        seen.push(current)
        return bytesOf('1')
      })
      same(unwrap(first), { revision: 1, bytes: bytesOf('1'), attempts: 1 }, 'first update')
      const second = await store.update('foo', async (current) => {
        seen.push(current)
        return bytesOf('1')
      })
      same(unwrap(second), { revision: 2, bytes: bytesOf('1'), attempts: 1 }, 'the same bytes')
      same(seen, [undefined, bytesOf('1')], 'what the functions saw')
      await store.close()
    },
  },
  {
    name: 'a function that throws or rejects cancels, and its own error is the cause',
    run: async (place) => {
      const store = place.open()
      const mine = new TypeError('mine')
      const throwing = (): never => {
        throw mine
      }
      for (const revise of [throwing, async () => throwing()]) {
        const error = failure(await store.update('foo', revise), 'CALLBACK_FAILED', 'update')
        check(error.cause === mine, 'the cause is what was thrown')
      }
      same(unwrap(await store.logs()), [], 'logs')
      await store.close()
    },
  },
  {
    name: 'a function may call every method of the store, and update another log',
    run: async (place) => {
      const store = place.open()
      const begun = Date.now()
      const updated = await store.update('foo', async () => {
        unwrap(await store.latest('foo'))
        unwrap(await store.snapshot('foo'))
        unwrap(await store.logs())
        unwrap(await store.update('bar', () => bytesOf('inner')))
        return bytesOf('outer')
      })
      same(unwrap(updated).attempts, 1, 'attempts')
      same(unwrap(await store.logs()), ['bar', 'foo'], 'logs')
      check(Date.now() - begun < PROMPT_MS, 'it took too long')
      await store.close()
    },
  },
  {
    name: 'a function that updates its own log is run again on what it stored',
    run: async (place) => {
      const store = place.open()
      const begun = Date.now()
      let inner = 0
      const updated = await store.update('foo', async (current) => {
        if (inner++ === 0) unwrap(await store.update('foo', () => bytesOf('inner')))
        return bytesOf(`${new TextDecoder().decode(current)}+outer`)
      })
      const expected = { revision: 2, bytes: bytesOf('inner+outer'), attempts: 2 }
      same(unwrap(updated), expected, 'the outer update')
      const once = await store.update(
        'foo',
        async () => {
          unwrap(await store.update('foo', () => bytesOf('inner')))
          return bytesOf('outer')
        },
        { maxAttempts: 1 },
      )
      failure(once, 'CONFLICT', 'an outer update of one attempt')
      same(unwrap(await store.latest('foo')), bytesOf('inner'), 'latest')
      check(Date.now() - begun < PROMPT_MS, 'it took too long')
      await store.close()
    },
  },
  {
    name: 'an update whose function never ends can be aborted, and delays nobody for long',
    run: async (place) => {
      const store = place.open()
      const stop = new AbortController()
      const never = new Promise<Uint8Array>(() => undefined)
      const stuck = store.update('foo', () => never, { signal: stop.signal })
      same(unwrap(await store.update('foo', () => bytesOf('1'))).revision, 1, 'another update')
      stop.abort()
      failure(await stuck, 'ABORTED', 'the stuck update')
      same(unwrap(await store.latest('foo')), bytesOf('1'), 'latest')
      await store.close()
    },
  },
  {
    name: 'a signal that fired before a call stops it, and nothing is written',
    run: async (place) => {
      const store = place.open()
      const signal = AbortSignal.abort()
      failure(await store.replace('foo', 0, bytesOf('1'), { signal }), 'ABORTED', 'replace')
      failure(await store.update('foo', () => bytesOf('1'), { signal }), 'ABORTED', 'update')
      failure(await store.latest('foo', { signal }), 'ABORTED', 'latest')
      same(unwrap(await store.logs()), [], 'logs')
      await store.close()
    },
  },
  {
    name: 'a slow function does not delay another log',
    run: async (place) => {
      const store = place.open()
      unwrap(await store.replace('b', 0, bytesOf('0')))
      let ended = false
      const slow = store.update('a', async () => {
        await sleep(500)
        ended = true
        return bytesOf('1')
      })
      unwrap(await store.update('b', () => bytesOf('1')))
      check(!ended, 'the update of b waited for the function of a')
      unwrap(await slow)
      await store.close()
    },
  },
]

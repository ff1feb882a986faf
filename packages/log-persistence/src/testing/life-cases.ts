import { unwrap } from '@tidemark/core'
import { bytesOf, check, failure, same } from './check.ts'
import { checkHistory, recordUpdate, type Recorded } from './history.ts'
import type { StoreCase } from './store-case.ts'

/** The promises about a store that is opened again, and by several at once. */
export const lifeCases: readonly StoreCase[] = [
  {
    name: 'is created once, whoever else opens it at the same time',
    needs: ['crossProcess'],
    run: async (place) => {
      const stores = Array.from({ length: 6 }, () => place.open())
      const infos = (await Promise.all(stores.map((store) => store.init()))).map((r) => unwrap(r))
      const ids = new Set(infos.map((info) => info.instanceId))
      same(ids.size, 1, 'number of instances')
      same(infos.filter((info) => info.created).length, 1, 'number of creators')
      await Promise.all(stores.map((store) => store.close()))
    },
  },
  {
    name: 'keeps what was acknowledged when it is opened again',
    needs: ['durable'],
    run: async (place) => {
      const first = place.open()
      const { instanceId } = unwrap(await first.init())
      unwrap(await first.replace('foo', 0, bytesOf('1')))
      unwrap(await first.replace('foo', 1, bytesOf('2')))
      await first.close()
      const second = place.open()
      const info = unwrap(await second.init())
      same(info, { instanceId, created: false }, 'what init gives')
      same(unwrap(await second.snapshot('foo')), { revision: 2, bytes: bytesOf('2') }, 'snapshot')
      same(unwrap(await second.logs()), ['foo'], 'logs')
      await second.close()
    },
  },
  {
    name: 'is never born by accident',
    needs: ['durable'],
    run: async (place) => {
      const careful = place.open({ create: 'never' })
      failure(await careful.init(), 'OPEN_FAILED', 'init where there is nothing')
      failure(await careful.latest('foo'), 'OPEN_FAILED', 'latest where there is nothing')
      await careful.close()
      const pinned = place.open({ instanceId: '00'.repeat(16) })
      failure(await pinned.init(), 'OPEN_FAILED', 'init of a named store where there is nothing')
      await pinned.close()
      const maker = place.open({ create: 'always' })
      const { created, instanceId } = unwrap(await maker.init())
      check(created, 'the store was not created: the careful one left something behind')
      await maker.close()
      const user = place.open({ create: 'never', instanceId })
      same(unwrap(await user.init()).created, false, 'created')
      await user.close()
      const again = place.open({ create: 'always' })
      failure(await again.init(), 'OPEN_FAILED', 'a second creation')
      await again.close()
      const other = place.open({ instanceId: '00'.repeat(16) })
      failure(await other.init(), 'OPEN_FAILED', 'init of another store')
      await other.close()
    },
  },
  {
    name: 'stores of one place see each other’s writes at once',
    needs: ['crossProcess'],
    run: async (place) => {
      const [a, b] = [place.open(), place.open()]
      for (let revision = 0; revision < 20; revision += 2) {
        unwrap(await a.replace('foo', revision, bytesOf(`a ${revision}`)))
        const seen = { revision: revision + 1, bytes: bytesOf(`a ${revision}`) }
        same(unwrap(await b.snapshot('foo')), seen, 'what b sees')
        const theirs = { revision: revision + 2, bytes: bytesOf(`b ${revision}`) }
        unwrap(await b.replace('foo', revision + 1, theirs.bytes))
        const late = failure(await a.replace('foo', revision + 1, bytesOf('late')), 'CONFLICT', 'a')
        check('current' in late, 'a conflict carries what is stored')
        same(late.current, theirs, 'what the conflict carries')
        same(unwrap(await a.latest('foo')), bytesOf(`b ${revision}`), 'what a sees')
      }
      await a.close()
      await b.close()
    },
  },
  {
    name: 'of writers in several stores of one place exactly one is first',
    needs: ['crossProcess'],
    run: async (place) => {
      const stores = Array.from({ length: 8 }, () => place.open())
      await Promise.all(stores.map(async (store) => unwrap(await store.init())))
      for (let round = 0; round < 10; round++) {
        const log = `log ${round}`
        const writes = stores.map((store, i) => store.replace(log, 0, bytesOf(`${i}`)))
        const [won, lost] = [[] as unknown[], [] as unknown[]]
        for (const result of await Promise.all(writes)) {
          if (result.ok) won.push(result.value)
          else lost.push(failure(result, 'CONFLICT', `a loser of ${log}`))
        }
        same(won.length, 1, `winners of ${log}`)
        same(lost.length, stores.length - 1, `losers of ${log}`)
      }
      await Promise.all(stores.map((store) => store.close()))
    },
  },
  {
    name: 'writers in several stores of one place lose no write',
    needs: ['crossProcess'],
    run: async (place) => {
      const stores = Array.from({ length: 4 }, () => place.open())
      const history: Recorded[] = []
      const work = stores.map(async (store, writer) => {
        for (let i = 0; i < 25; i++) history.push(await recordUpdate(store, 'foo', `${writer}`))
      })
      await Promise.all(work)
      same(checkHistory(history), [], 'what is wrong with the history')
      same(history.length, 100, 'number of commits')
      await Promise.all(stores.map((store) => store.close()))
    },
  },
  {
    name: 'a damaged checkpoint freezes its log, and no other',
    needs: ['damage'],
    run: async (place) => {
      const store = place.open()
      unwrap(await store.replace('foo', 0, bytesOf('first')))
      unwrap(await store.replace('foo', 1, bytesOf('second')))
      unwrap(await store.replace('bar', 0, bytesOf('whole')))
      await store.close()
      await place.damage?.('foo')
      const opened = place.open()
      failure(await opened.latest('foo'), 'CORRUPTED', 'latest')
      failure(await opened.writeOps('foo'), 'CORRUPTED', 'writeOps')
      failure(await opened.update('foo', () => bytesOf('third')), 'CORRUPTED', 'update')
      failure(await opened.replace('foo', 2, bytesOf('third')), 'CORRUPTED', 'replace')
      const late = await opened.replace('foo', 1, bytesOf('third'))
      check(!late.ok, 'a late replace of a damaged log')
      unwrap(await opened.update('bar', () => bytesOf('changed')))
      await opened.close()
    },
  },
]

import {
  startFaultProxy,
  startMariadb,
  startPostgres,
  type DatabaseServer,
} from '@tidemark/servers'
import { unwrap } from '@tidemark/core'
import { afterAll, describe, expect, inject, it } from 'vitest'
import type { LogStatePersistence } from '../src/index.ts'
import { mysqlPersistence } from '../src/mysql/index.ts'
import { postgresPersistence } from '../src/postgres/index.ts'
import { checkHistory, recordUpdate, type Recorded } from '../src/testing/index.ts'
import { mariadbPool } from './mariadb-place.ts'
import { postgresPool } from './postgres-place.ts'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const one = new Uint8Array([1])

/** How to reach a store on a server, directly or through a proxy. */
interface Engine {
  readonly shared: { readonly port: number; readonly user: string } | { readonly missing: string }
  readonly start: () => Promise<DatabaseServer>
  readonly open: (at: { port: number; user: string }, timeoutMs: number) => LogStatePersistence
}

const pools: { end(): Promise<void> }[] = []
afterAll(async () => {
  for (const pool of pools) void pool.end()
})

const engines: Readonly<Record<string, Engine>> = {
  PostgreSQL: {
    shared: inject('postgres'),
    start: startPostgres,
    open: (at, timeoutMs) => {
      const pool = postgresPool(at, 2)
      pools.push(pool)
      return postgresPersistence(pool, { schema: 'faults', timeoutMs })
    },
  },
  MariaDB: {
    shared: inject('mariadb'),
    start: startMariadb,
    open: (at, timeoutMs) => {
      const pool = mariadbPool(at, 2, 'test')
      pools.push(pool)
      return mysqlPersistence(pool, { timeoutMs })
    },
  },
}

/** Writers that keep on until they are told to stop. */
function startWriters(stores: readonly LogStatePersistence[], log: string) {
  const history: Recorded[] = []
  const state = { isOver: false }
  const work = stores.map(async (store, writer) => {
    while (!state.isOver) history.push(await recordUpdate(store, log, `${writer}`))
  })
  const stop = async (): Promise<Recorded[]> => {
    state.isOver = true
    await Promise.all(work)
    return history
  }
  return { stop, history }
}

describe.each(Object.entries(engines))('faults on %s', (_, { shared, start, open }) => {
  const missing = 'missing' in shared

  it.skipIf(missing)('connections cut under load: nothing lost, nothing twice', async () => {
    if ('missing' in shared) return
    const proxy = await startFaultProxy(shared.port)
    const at = { port: proxy.port, user: shared.user }
    const writers = startWriters(
      Array.from({ length: 4 }, () => open(at, 20_000)),
      'cut',
    )
    const begun = performance.now()
    // At least so many cuts; on a slow machine until something came through them.
    const isDull = (): boolean => writers.history.length <= 30 && performance.now() - begun < 40_000
    for (let i = 0; i < 30 || isDull(); i++) {
      await sleep(20 + (i % 7) * 15)
      if (i % 3 === 2) proxy.muteAnswers()
      await sleep(i % 3 === 2 ? 30 : 0)
      proxy.heal()
    }
    const history = await writers.stop()
    expect(checkHistory(history)).toEqual([])
    expect(history.length).toBeGreaterThan(30)
    await proxy.stop()
  })

  it.skipIf(missing)(
    'an answer that never comes: the write is made once, and said so',
    async () => {
      if ('missing' in shared) return
      const proxy = await startFaultProxy(shared.port)
      const store = open({ port: proxy.port, user: shared.user }, 20_000)
      unwrap(await store.init())
      const before = await store.snapshot('muted')
      if (!before.ok) throw before.error
      proxy.muteAnswers()
      const replacing = store.replace('muted', before.value.revision, one)
      await sleep(300)
      proxy.heal()
      const replaced = await replacing
      expect(replaced).toMatchObject({ ok: true, value: { revision: before.value.revision + 1 } })
      await proxy.stop()
    },
  )

  it.skipIf(missing)(
    'a server that does not answer: an error in time, nothing written',
    async () => {
      if ('missing' in shared) return
      const proxy = await startFaultProxy(shared.port)
      const store = open({ port: proxy.port, user: shared.user }, 1500)
      unwrap(await store.init())
      unwrap(await store.replace('frozen', 0, one))
      const begun = performance.now()
      proxy.freeze()
      const replaced = await store.replace('frozen', 1, one)
      expect(performance.now() - begun).toBeLessThan(6000)
      expect(replaced).toMatchObject({ ok: false, error: { kind: 'unavailable', retryable: true } })
      proxy.heal()
      expect(await store.snapshot('frozen')).toMatchObject({ value: { revision: 1 } })
      await proxy.stop()
    },
  )

  it.skipIf(missing)(
    'a server killed with SIGKILL under load: what was acknowledged is there',
    async () => {
      const server = await start()
      try {
        const stores = Array.from({ length: 4 }, () => open(server, 30_000))
        const writers = startWriters(stores, 'killed')
        for (let kill = 0; kill < 3; kill++) {
          await sleep(300)
          await server.kill()
          await sleep(50)
          await server.restart()
        }
        await sleep(300)
        const history = await writers.stop()
        expect(checkHistory(history)).toEqual([])
        expect(history.length).toBeGreaterThan(10)
        const last = Math.max(...history.map(({ revision }) => revision ?? 0))
        const found = await open(server, 10_000).snapshot('killed')
        if (!found.ok) throw found.error
        expect(found.value.revision).toBeGreaterThanOrEqual(last)
      } finally {
        await server.stop()
      }
    },
    120_000,
  )
})

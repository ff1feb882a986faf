import { systemClock, type Clock } from '@tidemark/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { persistenceOn, type LogStatePersistence } from '../src/index.ts'
import { SqlBackend } from '../src/sql/sql-backend.ts'
import { checkHistory, recordUpdate, type Recorded } from '../src/testing/index.ts'
import { FakeDatabase, type Fate } from './fake-database.ts'

const bytes = new Uint8Array([1])

/** Time that passes only where somebody waits for a retry. */
function quickClock(): Clock {
  let nowMs = 0
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    // The limit of a statement: never reached here, for every statement is answered or cut.
    if (signal !== undefined) return new Promise<void>(() => undefined)
    nowMs += ms
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { ...systemClock, nowMs: () => nowMs, sleep }
}

function storeOn(database: FakeDatabase, fates: readonly Fate[], delay = 1): LogStatePersistence {
  let statements = 0
  const dialect = database.dialect(
    () => fates[statements++] ?? 'answered',
    () => delay,
  )
  return persistenceOn(new SqlBackend(dialect, { clock: quickClock(), random: () => 0.5 }))
}

describe('a lost answer', () => {
  it('to a write that was made is settled as made, once', async () => {
    const database = new FakeDatabase()
    const store = storeOn(database, ['answered', 'lost after'])
    expect(await store.replace('a', 0, bytes)).toEqual({ ok: true, value: { revision: 1, bytes } })
    expect(database.writes).toHaveLength(1)
  })

  it('to a write that never arrived is settled by writing again', async () => {
    const database = new FakeDatabase()
    const store = storeOn(database, ['answered', 'lost before'])
    expect(await store.replace('a', 0, bytes)).toMatchObject({ ok: true })
    expect(database.writes).toHaveLength(1)
  })

  it('to a write that arrives after the same was written again changes nothing', async () => {
    const database = new FakeDatabase()
    const store = storeOn(database, ['answered', 'late'], 3)
    expect(await store.replace('a', 0, bytes)).toMatchObject({ ok: true })
    expect(await store.latest('a')).toMatchObject({ ok: true })
    expect(await store.snapshot('a')).toMatchObject({ value: { revision: 1 } })
    expect(database.writes).toHaveLength(1)
  })

  it('is OUTCOME_UNKNOWN when others have written since', async () => {
    const database = new FakeDatabase()
    const store = storeOn(database, ['answered', 'lost after', 'transient', 'transient'])
    const other = storeOn(database, [])
    const replacing = store.replace('a', 0, bytes)
    while (database.writes.length === 0) await Promise.resolve()
    expect(await other.replace('a', 1, bytes)).toMatchObject({ ok: true })
    const replaced = await replacing
    expect(replaced).toMatchObject({
      ok: false,
      error: { code: 'OUTCOME_UNKNOWN', kind: 'unknown', details: { reason: 'superseded' } },
    })
  })

  it('is OUTCOME_UNKNOWN when nothing is answered any more', async () => {
    const dead: Fate[] = ['answered']
    for (let i = 0; i < 9999; i++) dead.push('lost after')
    const replaced = await storeOn(new FakeDatabase(), dead).replace('a', 0, bytes)
    expect(replaced).toMatchObject({
      error: { code: 'OUTCOME_UNKNOWN', details: { reason: 'no-answer' } },
    })
  })

  it('is no unknown outcome when nothing was ever sent', async () => {
    const busy = Array.from({ length: 9999 }, () => 'transient' as const)
    const replaced = await storeOn(new FakeDatabase(), busy).replace('a', 0, bytes)
    expect(replaced).toMatchObject({ error: { code: 'BUSY', retryable: true } })
    const away = Array.from({ length: 9999 }, () => 'lost before' as const)
    const unread = await storeOn(new FakeDatabase(), away).replace('a', 0, bytes)
    expect(unread).toMatchObject({ error: { code: 'IO_FAILED', retryable: true } })
  })
})

it('one engine error is invisible', async () => {
  const store = storeOn(new FakeDatabase(), ['answered', 'transient'])
  expect(await store.replace('a', 0, bytes)).toMatchObject({ ok: true })
})

it('whatever is lost, late or refused, the history stays linearizable', async () => {
  const fate = fc.constantFrom<Fate[]>(
    'answered',
    'answered',
    'answered',
    'lost before',
    'lost after',
    'late',
    'transient',
  )
  const plan = fc.tuple(fc.array(fate, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }))
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 2, maxLength: 4 }), async (plans) => {
      const database = new FakeDatabase()
      const history: Recorded[] = []
      const work = plans.map(async ([fates, delay], writer) => {
        const store = storeOn(database, fates, delay)
        for (let i = 0; i < 6; i++) history.push(await recordUpdate(store, 'a', `${writer}`))
      })
      await Promise.all(work)
      expect(checkHistory(history)).toEqual([])
      expect(new Set(database.writes).size).toBe(database.writes.length)
    }),
    { numRuns: 300 },
  )
})

import { unwrap } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { findRollbacks, guardRollback, memoryPersistence } from '../src/index.ts'
import type { LogStatePersistence } from '../src/index.ts'
import { describeContract } from './contract.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

describeContract(
  'a guarded store',
  {
    place: async () => ({
      open: (options) => guardRollback(memoryPersistence(), memoryPersistence(), options),
      remove: async () => undefined,
    }),
  },
  [],
)

/** A store with so many revisions of a log. */
async function storeAt(revision: number, text: string): Promise<LogStatePersistence> {
  const store = memoryPersistence()
  for (let i = 0; i < revision; i++) unwrap(await store.replace('a', i, bytesOf(`${text} ${i}`)))
  return store
}

async function guardAt(revision: number): Promise<LogStatePersistence> {
  const guard = memoryPersistence()
  const store = guardRollback(memoryPersistence(), guard)
  for (let i = 0; i < revision; i++) unwrap(await store.replace('a', i, bytesOf(`true ${i}`)))
  return guard
}

describe('a store that was put back', () => {
  it.each([
    ['emptied', 0, 'true'],
    ['older', 2, 'true'],
    ['of the same revision, with other bytes', 3, 'forged'],
  ])('is refused: %s', async (_, revision, text) => {
    const [store, guard] = [await storeAt(revision, text), await guardAt(3)]
    const guarded = guardRollback(store, guard)
    const replaced = await guarded.replace('a', revision, bytesOf('next'))
    expect(replaced).toMatchObject({
      error: {
        code: 'ROLLBACK_DETECTED',
        kind: 'corrupt',
        details: { identifier: 'a', found: revision, expected: 3 },
      },
    })
    expect(await guarded.update('a', () => bytesOf('next'))).toMatchObject({ ok: false })
    expect(unwrap(await guarded.snapshot('a')).revision).toBe(revision)
    expect(unwrap(await findRollbacks(store, guard))).toEqual(['a'])
    const strict = guardRollback(store, guard, { strict: true })
    expect(await strict.latest('a')).toMatchObject({ error: { code: 'ROLLBACK_DETECTED' } })
    // Other logs go on.
    expect(await guarded.replace('b', 0, bytesOf('1'))).toMatchObject({ ok: true })
  })

  it('is accepted once the newer state is restored', async () => {
    const [store, guard] = [await storeAt(2, 'true'), await guardAt(3)]
    unwrap(await store.replace('a', 2, bytesOf('true 2')))
    const guarded = guardRollback(store, guard, { strict: true })
    expect(unwrap(await guarded.replace('a', 3, bytesOf('next'))).revision).toBe(4)
  })
})

it('a guard behind its store is brought forward', async () => {
  const [store, guard] = [await storeAt(4, 'true'), await guardAt(3)]
  const guarded = guardRollback(store, guard, { strict: true })
  expect(unwrap(await guarded.snapshot('a')).revision).toBe(4)
  unwrap(await guarded.replace('a', 4, bytesOf('next')))
  expect(unwrap(await findRollbacks(await storeAt(4, 'true'), guard))).toEqual(['a'])
})

it('a write that the guard could not note is not acknowledged', async () => {
  const guard = memoryPersistence()
  const store = memoryPersistence()
  const guarded = guardRollback(store, {
    ...guard,
    supports: guard.supports,
    init: () => guard.init(),
    latest: (id) => guard.latest(id),
    snapshot: async (id) => {
      await guard.close()
      return guard.snapshot(id)
    },
  } satisfies LogStatePersistence)
  const replaced = await guarded.replace('a', 0, bytesOf('1'))
  expect(replaced).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN' } })
  expect(unwrap(await store.snapshot('a')).revision).toBe(1)
})

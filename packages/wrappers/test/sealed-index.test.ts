import {
  MemoryBlobStore,
  openStorage,
  unwrap,
  type BlobStore,
  type TypedStorage,
} from '@tidemark/core'
import { FaultyBlobStore } from '@tidemark/core/testing'
import { expect, it } from 'vitest'
import { encrypt, hmac, stack, verifyStorage } from '../src/index.ts'
import { bytesOf, putBack, snapshot } from './support/attacker.ts'
import { ringOf } from './support/media.ts'

const ring = ringOf()
const REPLACE = { ifExists: 'replace' } as const

function open(store: BlobStore, guard = true): Promise<TypedStorage> {
  const options = { guard, keepLast: 9 }
  return unwrap(stack(openStorage(store, options), encrypt(ring), hmac(ring, { index: true })))
}

async function problemsOf(store: BlobStore): Promise<string[]> {
  const report = unwrap(await verifyStorage(await open(store)))
  return report.problems.map(({ identifier, problem }) => `${identifier} ${problem}`)
}

async function deleteAll(store: BlobStore, prefix: string): Promise<void> {
  for await (const { key } of store.list({ prefix })) unwrap(await store.delete(key))
}

it('row 9: a deleted checkpoint is missing, one put back is unlisted or older', async () => {
  const store = new MemoryBlobStore()
  const storage = await open(store)
  for (const name of ['a', 'b', 'c']) unwrap(await storage.save(name, { n: 1 }))
  expect(await problemsOf(store)).toEqual([])
  const before = await snapshot(store)
  const first = await bytesOf(store, 'log/n-a.r1')
  unwrap(await storage.save('a', { n: 2 }, REPLACE))
  unwrap(await storage.removeCheckpoint('c'))
  expect(await problemsOf(store)).toEqual([])

  const good = await snapshot(store)
  await deleteAll(store, 'log/n-b.')
  expect(await problemsOf(store)).toEqual(['b missing'])
  await putBack(store, good)
  await deleteAll(store, 'log/n-a.')
  unwrap(await store.put('log/n-a.r1', first))
  expect(await problemsOf(store)).toEqual(['a older'])
  await putBack(store, good)
  await deleteAll(store, 'log/n-c.')
  for (const [key, bytes] of before)
    if (key.startsWith('log/n-c.')) unwrap(await store.put(key, bytes))
  expect(await problemsOf(store)).toEqual(['c unlisted'])
})

it('row 9: list and checkpoints put back together are refused by who remembers the list', async () => {
  const store = new MemoryBlobStore()
  const storage = await open(store)
  unwrap(await storage.save('a', { n: 1 }))
  const before = await snapshot(store)
  unwrap(await storage.save('b', { n: 1 }))
  const { indexGeneration } = unwrap(await verifyStorage(storage))
  await putBack(store, before)
  expect(await problemsOf(store)).toEqual([])
  const demanded = await verifyStorage(await open(store), { minIndexGeneration: indexGeneration })
  expect(demanded.ok ? 'ok' : demanded.error.code).toBe('ROLLBACK_DETECTED')
  await deleteAll(store, 'log/n-tidemark')
  const none = await verifyStorage(await open(store))
  expect(none.ok ? 'ok' : none.error.code).toBe('CHECKPOINT_NOT_FOUND')
})

it('another genuine commit of the same number is told apart', async () => {
  const store = new MemoryBlobStore()
  unwrap(await (await open(store)).save('a', { n: 1 }))
  const before = await snapshot(store)
  unwrap(await (await open(store)).save('a', { n: 2 }, REPLACE))
  const second = await bytesOf(store, 'log/n-a.r2')
  await putBack(store, before)
  unwrap(await (await open(store)).save('a', { n: 'another' }, REPLACE))
  expect(await problemsOf(store)).toEqual([])
  unwrap(await store.put('log/n-a.r2', second))
  expect(await problemsOf(store)).toEqual(['a other'])
})

it('the list is kept by any number of writers at once, hidden, and nobody else’s to write', async () => {
  const store = new MemoryBlobStore()
  const storages = [await open(store), await open(store), await open(store, false)]
  await Promise.all(
    storages.flatMap((storage, i) =>
      Array.from({ length: 8 }, async (_, n) => {
        unwrap(await storage.save(`s${i}n${n}`, { n }))
        const draft = unwrap(await storage.createCheckpoint(`d${i}n${n}`))
        await unwrap(await draft.commit()).close()
      }),
    ),
  )
  const [storage] = storages
  const names: string[] = []
  for await (const name of storage?.checkpointIdentifiers() ?? []) names.push(name)
  expect(names).toHaveLength(48)
  expect(await problemsOf(store)).toEqual([])
  const save = await storage?.save('tidemark:index', {})
  expect(save?.ok ? 'ok' : save?.error.code).toBe('INVALID_ARGUMENT')
  const remove = await storage?.removeCheckpoint('tidemark:index')
  expect(remove?.ok ? 'ok' : remove?.error.code).toBe('INVALID_ARGUMENT')
  const report = await storage?.verify()
  expect(report).toMatchObject({ ok: true, value: { identifiers: 48, problems: [] } })
})

it('a commit that could not be listed is OUTCOME_UNKNOWN, and told by verifyStorage', async () => {
  const store = new MemoryBlobStore()
  unwrap(await (await open(store, false)).save('a', { n: 1 }))
  const plan = ({ operation, key }: { operation: string; key: string }) =>
    operation === 'put' && key.startsWith('log/n-tidemark') ? ('failed' as const) : undefined
  const failing = await open(new FaultyBlobStore(store, { plan }), false)
  const saved = await failing.save('b', { n: 1 })
  expect(saved.ok ? 'ok' : saved.error.code).toBe('OUTCOME_UNKNOWN')
  expect(await problemsOf(store)).toEqual(['b unlisted'])
  unwrap(await (await open(store, false)).save('b', { n: 2 }, REPLACE))
  expect(await problemsOf(store)).toEqual([])
})

it('a commit newer than the listed one is no problem: its seal shows that it is genuine', async () => {
  const store = new MemoryBlobStore()
  unwrap(await (await open(store, false)).save('a', { n: 1 }))
  const plan = ({ operation, key }: { operation: string; key: string }) =>
    operation === 'put' && key.startsWith('log/n-tidemark') ? ('failed' as const) : undefined
  const failing = await open(new FaultyBlobStore(store, { plan }), false)
  const saved = await failing.save('a', { n: 2 }, REPLACE)
  expect(saved.ok ? 'ok' : saved.error.code).toBe('OUTCOME_UNKNOWN')
  expect(await problemsOf(store)).toEqual([])
})

it('a damaged checkpoint is told with what is wrong with it, and the others are looked at', async () => {
  const store = new MemoryBlobStore()
  const storage = await open(store)
  for (const name of ['a', 'b', 'c']) unwrap(await storage.save(name, { n: 1 }))
  const bytes = await bytesOf(store, 'log/n-a.r1')
  bytes[90] = 1 ^ (bytes[90] ?? 0)
  unwrap(await store.put('log/n-a.r1', bytes))
  await deleteAll(store, 'log/n-c.')
  const report = unwrap(await verifyStorage(await open(store)))
  expect(report).toMatchObject({
    indexGeneration: 3,
    identifiers: 2,
    problems: [
      {
        identifier: 'a',
        problem: 'damaged',
        error: { code: 'CORRUPTED' },
      },
      { identifier: 'c', problem: 'missing' },
    ],
  })
})

it('a list that is sealed and is no list is CORRUPTED', async () => {
  const store = new MemoryBlobStore()
  const plain = unwrap(await stack(openStorage(store), hmac(ring)))
  for (const list of [{}, [['a', 1]], [['a', '1', 'b']], [[1, 1, 'b']], 'list']) {
    unwrap(await plain.save('tidemark:index', { checkpoints: list }, REPLACE))
    const report = await verifyStorage(plain)
    const details = { what: 'sealed index', reason: 'its fields make no sense' }
    expect(report).toMatchObject({ error: { code: 'CORRUPTED', details } })
  }
  unwrap(await plain.save('tidemark:index', { other: [] }, REPLACE))
  expect(await verifyStorage(plain)).toMatchObject({ error: { code: 'KEY_NOT_FOUND' } })
})

it('a medium that fails at any call of it is what verifyStorage answers, and no problem', async () => {
  const store = new MemoryBlobStore()
  const storage = await open(store)
  for (const name of ['a', 'b']) unwrap(await storage.save(name, { n: 1 }))
  for (let failing = 0, calls = 1; failing < calls; failing++) {
    const asked = { index: -1, from: Infinity }
    const plan = ({ index }: { index: number }) => {
      asked.index = index
      return index === asked.from + failing ? ('failed' as const) : undefined
    }
    const opened = await open(new FaultyBlobStore(store, { plan }), false)
    asked.from = asked.index + 1
    const report = await verifyStorage(opened)
    calls = asked.index - asked.from + 1
    expect(report, `call ${failing}`).toMatchObject({ error: { code: 'IO_FAILED' } })
    expect(calls).toBeGreaterThan(failing)
    if (failing > 60) throw new Error('there is no end to it')
    asked.from = Infinity
    const first = asked.index + 1
    unwrap(await verifyStorage(opened))
    calls = asked.index - first + 1
  }
})

it('an aborted signal stops verifyStorage', async () => {
  const store = new MemoryBlobStore()
  const storage = await open(store)
  unwrap(await storage.save('a', { n: 1 }))
  const stopped = await verifyStorage(storage, { signal: AbortSignal.abort() })
  expect(stopped).toMatchObject({ error: { code: 'ABORTED' } })
})

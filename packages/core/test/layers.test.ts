import { describe, expect, it } from 'vitest'
import {
  BlobByteStorage,
  MemoryBlobStore,
  ok,
  openStorage,
  unwrap,
  type ByteStorage,
  type CheckpointFacts,
} from '../src/index.ts'

const ONE = { id: 'one', version: 1 }
const TWO = { id: 'two', version: 1 }

async function headerOf(store: MemoryBlobStore): Promise<unknown> {
  const blob = unwrap(await store.get('storage.json'))
  if (blob === undefined) return undefined
  return JSON.parse(new TextDecoder().decode(unwrap(await blob.bytes())))
}

async function commit(
  storage: ByteStorage,
  identifier: string,
  facts: (CheckpointFacts & { previous: string | undefined })[] = [],
): Promise<string> {
  const draft = await storage.create(identifier, { ifExists: 'replace' })
  if (!draft.ok) return draft.error.code
  unwrap(await draft.value.put('x', new Uint8Array([1]), 'bytes'))
  const committed = await draft.value.commit({
    attach: async (fact) => {
      facts.push(fact)
      return ok({ layers: [{ ...ONE }], n: facts.length })
    },
  })
  return committed.ok ? JSON.stringify(committed.value.attachment) : committed.error.code
}

describe('a storage through layers', () => {
  it('is recorded in the header with the first commit, and only then', async () => {
    const store = new MemoryBlobStore()
    const layered = unwrap(await new BlobByteStorage(store).stacked([ONE]))
    expect(await headerOf(store)).toBeUndefined()
    await commit(layered, 'a')
    const header = await headerOf(store)
    expect(header).toMatchObject({ format: 'tidemark-storage', version: 1, layers: [ONE] })
    expect(Reflect.get(Object(header), 'place')).toMatch(/^[0-9a-f]{32}$/)
    const plain = new MemoryBlobStore()
    unwrap(await openStorage(plain).save('a', {}))
    expect(await headerOf(plain)).toEqual({ format: 'tidemark-storage', version: 1 })
  })

  it('is refused through other layers, also when the other was open before', async () => {
    const store = new MemoryBlobStore()
    const base = new BlobByteStorage(store)
    const others = [base]
    for (const layers of [[TWO], [ONE, TWO], [{ ...ONE, version: 2 }]]) {
      const other = unwrap(await base.stacked(layers))
      if (other instanceof BlobByteStorage) others.push(other)
    }
    expect(await commit(unwrap(await base.stacked([ONE])), 'a')).toContain('"n":1')
    for (const other of others) expect(await commit(other, 'b')).toBe('STACK_MISMATCH')
    const opened = await base.stacked([TWO])
    expect(opened.ok ? 'ok' : opened.error.details).toEqual({
      expected: ['two/1'],
      found: ['one/1'],
    })
  })

  it('is decided by who commits first, whatever was begun before', async () => {
    const store = new MemoryBlobStore()
    const base = new BlobByteStorage(store)
    const begun = []
    for (const layers of [[ONE], [TWO], []]) {
      begun.push(unwrap(await unwrap(await base.stacked(layers)).create('b')))
    }
    await commit(unwrap(await base.stacked([ONE])), 'a')
    const header = await headerOf(store)
    const [same, ...others] = begun
    for (const draft of others) {
      const committed = await draft.commit()
      expect(committed.ok ? 'ok' : committed.error.code).toBe('STACK_MISMATCH')
    }
    const committed = await same?.commit()
    expect(committed?.ok ? committed.value.place : 'refused').toBe(
      Reflect.get(Object(header), 'place'),
    )
    expect(await headerOf(store)).toEqual(header)
  })

  it('asks for an attachment in each round of a race, with the number that it would take', async () => {
    const store = new MemoryBlobStore()
    const layered = unwrap(await new BlobByteStorage(store).stacked([ONE]))
    const facts: (CheckpointFacts & { previous: string | undefined })[] = []
    const draft = unwrap(await layered.create('a', { ifExists: 'replace' }))
    await commit(layered, 'a')
    const first = unwrap(await layered.load('a'))
    const committed = unwrap(
      await draft.commit({
        attach: async (fact) => {
          facts.push(fact)
          return ok({ n: facts.length })
        },
      }),
    )
    expect(facts.map(({ generation, previous }) => [generation, previous])).toEqual([
      [1, undefined],
      [2, first.digest],
    ])
    expect(committed.attachment).toEqual({ n: 2 })
    const loaded = unwrap(await layered.load('a'))
    expect([loaded.generation, loaded.attachment, loaded.place]).toEqual([2, { n: 2 }, first.place])
    expect(facts[1]).toMatchObject({ identifier: 'a', born: 1, place: first.place })
  })

  it('never takes what layers wrote for values when the header is gone', async () => {
    const store = new MemoryBlobStore()
    await commit(unwrap(await new BlobByteStorage(store).stacked([ONE])), 'a')
    unwrap(await store.delete('storage.json'))
    const loaded = await openStorage(store).loadCheckpoint('a')
    expect(loaded.ok ? 'ok' : loaded.error).toMatchObject({
      code: 'STACK_MISMATCH',
      details: { expected: [], found: ['one/1'] },
    })
  })

  it('is CORRUPTED by a header whose layers make no sense', async () => {
    for (const layers of ['one', [1], [{ id: 1, version: 1 }], [{ id: 'one' }], {}]) {
      const store = new MemoryBlobStore()
      const text = JSON.stringify({ format: 'tidemark-storage', version: 1, layers })
      unwrap(await store.put('storage.json', new TextEncoder().encode(text)))
      const opened = await new BlobByteStorage(store).stacked([ONE])
      expect(opened.ok ? 'ok' : opened.error.code).toBe('CORRUPTED')
    }
  })
})

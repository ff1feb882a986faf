import { unwrap, type BlobStore } from '@tidemark/core'
import {
  createManifest,
  openStreamStore,
  pipelineCheckpoints,
  type CheckpointStore,
  type StreamStore,
} from '@tidemark/stream-store'
import { checkpointStoreContract } from '@tidemark/stream-store/testing'
import { describe, expect, it } from 'vitest'
import { hasNoServer, openBucket } from './bucket.ts'

const media = new Map<CheckpointStore, BlobStore>()
const stores = new Map<CheckpointStore, StreamStore>()

async function open(medium: BlobStore, keep = Infinity): Promise<StreamStore> {
  const store = unwrap(await openStreamStore({ store: medium, keep, orphanMinAgeMs: 0 }))
  media.set(store, medium)
  stores.set(store, store)
  return store
}

function mediumOf(store: CheckpointStore): BlobStore {
  const medium = media.get(store)
  if (medium === undefined) throw new Error('not a store of this test')
  return medium
}

async function entryOf(store: CheckpointStore, id: bigint) {
  const inspected = unwrap(await (stores.get(store) ?? (await open(mediumOf(store)))).inspect())
  const entry = inspected.newest.find(({ checkpointId }) => checkpointId === id)
  if (entry === undefined) throw new Error(`no checkpoint ${id}`)
  return entry
}

const cases = checkpointStoreContract({
  updates: true,
  sweeps: true,
  open: async ({ keep = Infinity }) => open(await openBucket(), keep),
  reopen: (store) => open(mediumOf(store)),
  close: async (store) => stores.get(store)?.close(),
  damageManifest: async (store, id, bytes) => {
    const { revision } = await entryOf(store, id)
    unwrap(await mediumOf(store).put(`log/r${revision}`, bytes))
  },
  damageState: async (store, id, how) => {
    const [key = ''] = (await entryOf(store, id)).blobs
    const medium = mediumOf(store)
    if (how === 'remove') return void unwrap(await medium.delete(key))
    const blob = unwrap(await medium.get(key))
    const bytes = blob === undefined ? new Uint8Array() : unwrap(await blob.bytes())
    if (how === 'flip') bytes[77] = (bytes[77] ?? 0) ^ 4
    return void unwrap(await medium.put(key, how === 'flip' ? bytes : bytes.subarray(0, -1)))
  },
})

describe.skipIf(hasNoServer)('a stream store in a real bucket', () => {
  it.each(cases.map(({ name, run }) => [name, run] as const))('%s', (_, run) => run())

  it('takes at most two writes and no listing for a steady checkpoint', async () => {
    const inner = await openBucket()
    let puts = 0
    let lists = 0
    const counted: BlobStore = {
      supports: inner.supports,
      put: (...call) => ((puts += 1), inner.put(...call)),
      putMany: (...call) => inner.putMany(...call),
      get: (...call) => inner.get(...call),
      head: (...call) => inner.head(...call),
      list: (...call) => ((lists += 1), inner.list(...call)),
      delete: (...call) => inner.delete(...call),
      close: () => inner.close(),
      [Symbol.asyncDispose]: () => inner.close(),
    }
    const store = await open(counted, 3)
    const save = async (id: number) =>
      unwrap(
        await store.saveWithState(createManifest({ checkpointId: id, epoch: id }), [
          new Uint8Array(300_000).fill(id),
        ]),
      )
    for (let id = 1; id <= 5; id++) await save(id)
    puts = 0
    lists = 0
    for (let id = 6; id <= 25; id++) await save(id)
    expect({ puts, lists }).toEqual({ puts: 40, lists: 0 })
    await store.close()
  })

  it('holds slots larger than a part of an upload, and gives back just the ones asked for', async () => {
    const store = await open(await openBucket())
    const writer = unwrap(store.begin())
    const piece = (vnode: number, n: number) => new Uint8Array(2 ** 20).fill(vnode * 16 + n)
    for (const vnode of [1, 2]) {
      const source = async function* () {
        for (let n = 0; n < 12; n++) yield piece(vnode, n)
      }
      unwrap(await writer.put({ operator: 'window', vnode }, source()))
    }
    const { checkpointId } = unwrap(await writer.commit())
    const state = unwrap(await store.openState(checkpointId))
    let n = 0
    for await (const found of state?.stream({ operator: 'window', vnode: 2 }) ?? []) {
      expect(found.length).toBe(2 ** 20)
      expect([found[0], found.at(-1)]).toEqual([2 * 16 + n, 2 * 16 + n])
      n += 1
    }
    expect(n).toBe(12)
    await state?.close()
    await store.close()
  })

  it('carries a pipeline over a crash', async () => {
    const medium = await openBucket()
    const run = async (crashAt: number) =>
      pipelineCheckpoints<number, number>({
        store: await open(medium, 3),
        source: async function* (offsets) {
          for (let n = Number(offsets.get('0') ?? 0) + 1; n <= 30; n++) {
            yield { value: n, offset: String(n) }
          }
        },
        initial: 0,
        parse: Number,
        reduce: (sum, n) => {
          if (n === crashAt) throw new Error('crash')
          return sum + n
        },
        every: { items: 7 },
      })
    await expect(run(20)).rejects.toThrow('crash')
    const report = unwrap(await run(0))
    expect([report.state, report.items]).toEqual([465, 16])
  })
})

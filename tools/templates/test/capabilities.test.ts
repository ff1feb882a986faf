import { unwrap, type BlobStore } from '@tidemark/core'
import { blobPersistence } from '@tidemark/log-persistence'
import { logPersistenceContract } from '@tidemark/log-persistence/testing'
import {
  commitTree,
  loadTree,
  MemoryNodeStore,
  newCreateRestorer,
  newCreator,
  newRestorer,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
  Tree,
  type NodeDb,
} from '@tidemark/mkvs-chunks'
import {
  chunkProviderContract,
  creatorContract,
  restorerContract,
} from '@tidemark/mkvs-chunks/testing'
import { operationContract } from '@tidemark/operation/testing'
import { openStreamStore, type CheckpointStore, type StreamStore } from '@tidemark/stream-store'
import { checkpointStoreContract } from '@tidemark/stream-store/testing'
import { expect, it } from 'vitest'
import { describeCases, openStore } from './support.ts'

/** What the suites may need; those of stores leave a case out where the subject has no hook. */
const hooks = { reopen: true, damageManifest: true, damageState: true, updates: true, sweeps: true }
const all = { crossProcess: true, durable: true, damage: true, ...hooks }

describeCases('operations in SQLite', operationContract({ open: () => openStore() }), all)

async function flip(medium: BlobStore, key: string, at: number): Promise<void> {
  const blob = unwrap(await medium.get(key))
  const bytes = blob === undefined ? new Uint8Array() : unwrap(await blob.bytes())
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ 1
  unwrap(await medium.put(key, bytes))
}

const logs = logPersistenceContract({
  place: async () => {
    const medium = openStore()
    return {
      open: (options) => blobPersistence(medium, options),
      damage: async (logId) => {
        let newest = ''
        for await (const { key } of medium.list({ prefix: `log/n-${logId}.r` })) newest = key
        await flip(medium, newest, -40)
      },
      remove: () => medium.close(),
    }
  },
})
describeCases('the memory of a witness in SQLite', logs, all)

const opened = new Map<
  CheckpointStore,
  { readonly store: StreamStore; readonly medium: BlobStore }
>()

async function openStream(medium: BlobStore, keep = Infinity): Promise<StreamStore> {
  const store = unwrap(await openStreamStore({ store: medium, keep, orphanMinAgeMs: 0 }))
  opened.set(store, { store, medium })
  return store
}

async function entryOf(store: CheckpointStore, id: bigint) {
  const known = opened.get(store)
  if (known === undefined) throw new Error('not a store of this test')
  const { newest } = unwrap(await known.store.inspect())
  const entry = newest.find(({ checkpointId }) => checkpointId === id)
  if (entry === undefined) throw new Error(`no checkpoint ${id}`)
  return { ...known, entry }
}

const streams = checkpointStoreContract({
  updates: true,
  sweeps: true,
  open: async ({ keep = Infinity }) => openStream(openStore(), keep),
  reopen: (store) => openStream(opened.get(store)?.medium ?? openStore()),
  close: async (store) => opened.get(store)?.store.close(),
  damageManifest: async (store, id, bytes) => {
    const { entry, medium } = await entryOf(store, id)
    unwrap(await medium.put(`log/r${entry.revision}`, bytes))
  },
  damageState: async (store, id, how) => {
    const { entry, medium } = await entryOf(store, id)
    const [key = ''] = entry.blobs
    if (how === 'flip') return flip(medium, key, 77)
    const blob = unwrap(await medium.get(key))
    const bytes = blob === undefined ? new Uint8Array() : unwrap(await blob.bytes())
    unwrap(await medium.delete(key))
    if (how === 'shorten') unwrap(await medium.put(key, bytes.subarray(0, -1)))
  },
})
describeCases('a stream store in SQLite', streams, all)

const namespace = testNamespace('a template')
const newDb = async (): Promise<NodeDb> =>
  unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))

async function commit(db: NodeDb, version: bigint, entries: number) {
  const tree = new Tree()
  for (let i = 0; i < entries; i++) {
    unwrap(tree.insert(new TextEncoder().encode(`key ${i}`), new Uint8Array(i).fill(i)))
  }
  return unwrap(await commitTree(tree, db, { version }))
}

const creators = {
  open: async () => {
    const db = await newDb()
    return { creator: newCreator({ store: openStore(), db }), db }
  },
}
describeCases('a creator of checkpoints in SQLite', creatorContract(creators), all)

const providers = {
  open: async () => {
    const { creator, db } = await creators.open()
    const checkpoints = []
    for (const version of [1n, 2n, 10n]) {
      const { root } = await commit(db, version, Number(version) * 9)
      checkpoints.push(unwrap(await creator.createCheckpoint(root, 300, 2)))
    }
    return { provider: creator, checkpoints }
  },
}
describeCases('a provider of chunks from SQLite', chunkProviderContract(providers), all)

const restorers = {
  open: newDb,
  restorer: (db: NodeDb) =>
    newCreateRestorer(newCreator({ store: openStore(), db }), newRestorer({ db })),
}
describeCases('a creator and a restorer as one', restorerContract(restorers), all)

it('restores a tree from the chunks of a checkpoint in SQLite', async () => {
  const { creator, db } = await creators.open()
  const { root } = await commit(db, 1n, 200)
  const metadata = unwrap(await creator.createCheckpoint(root, 2000))
  expect(metadata.chunks.length).toBeGreaterThan(5)
  const target = await newDb()
  unwrap(await restoreCheckpoint(metadata, { db: target, provider: creator }))
  expect(unwrap(await loadTree(target, root)).rootHash()).toEqual(root.hash)
})

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { afterAll, describe, expect, test } from 'vitest'
import { openFileCreator } from '../src/file/index.ts'
import {
  commitTree,
  loadTree,
  MemoryNodeStore,
  newCreateRestorer,
  newCreator,
  newRestorer,
  restoreCheckpoint,
  type NodeDb,
  type NodeStore,
} from '../src/index.ts'
import { LevelNodeStore } from '../src/level/index.ts'
import {
  chunkProviderContract,
  creatorContract,
  nodeDbContract,
  nodeStoreContract,
  restorerContract,
  type NodeDbSubject,
  type NodeStoreSubject,
} from '../src/testing/index.ts'
import { memoryDb, namespace } from './support/harness.ts'
import { treeOf } from './support/vectors.ts'
import { toHex } from '../src/bytes/bytes.ts'

const directory = mkdtempSync(join(tmpdir(), 'tidemark-mkvs-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function levelStore(): NodeStore {
  const level = new MemoryLevel<Uint8Array, Uint8Array>({
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  return new LevelNodeStore(level, { durable: 'none' })
}

let opened = 0

/** A real database on a disk. */
function diskStore(at: string): NodeStore {
  const views = { keyEncoding: 'view', valueEncoding: 'view' } as const
  const level = new ClassicLevel<Uint8Array, Uint8Array>(at, views)
  return new LevelNodeStore(level, { sync: false })
}

const places = new Map<NodeStore, string>()

const storeOf = new Map<NodeDb, NodeStore>()

interface Stores extends NodeStoreSubject {
  open(): NodeStore
}

const stores: Record<string, Stores> = {
  MemoryNodeStore: { open: () => new MemoryNodeStore() },
  'LevelNodeStore on memory-level': { open: levelStore },
  'LevelNodeStore on classic-level': {
    open: () => {
      const at = join(directory, `level-${opened++}`)
      const store = diskStore(at)
      places.set(store, at)
      return store
    },
    reopen: (closed) => diskStore(places.get(closed) ?? directory),
  },
}

for (const [name, subject] of Object.entries(stores)) {
  const open = (): NodeStore => subject.open()
  describe(name, () => {
    for (const { name, run } of nodeStoreContract(subject)) test(name, run)

    const openDb = async (): Promise<NodeDb> => {
      const store = open()
      const db = await memoryDb(store)
      storeOf.set(db, store)
      return db
    }
    const dbs: NodeDbSubject = {
      open: openDb,
      ...(subject.reopen === undefined
        ? {}
        : { reopen: async (db) => memoryDb(await subject.reopen?.(storeOf.get(db) ?? open())) }),
    }
    for (const { name, run } of nodeDbContract(dbs)) test(`node database: ${name}`, run)

    const restorers = { open: openDb, restorer: (db: NodeDb) => newRestorer({ db }) }
    for (const { name, run } of restorerContract(restorers)) test(`restorer: ${name}`, run)

    test('holds a tree from commit over checkpoint to restore', async () => {
      const tree = treeOf({ gen: 'hashkv', count: 200, keyLen: 6, valueMul: 37, valueMod: 90 })
      const db = await memoryDb(open())
      const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
      const creator = newCreator({ store: new MemoryBlobStore(), db })
      const metadata = unwrap(await creator.createCheckpoint(root, 2000))
      const target = await memoryDb(open())
      unwrap(await restoreCheckpoint(metadata, { db: target, provider: creator }))
      const restored = unwrap(await loadTree(target, root))
      expect(toHex(restored.rootHash())).toBe(toHex(tree.rootHash()))
    })
  })
}

const media: Record<string, () => Promise<BlobStore>> = {
  MemoryBlobStore: async () => new MemoryBlobStore(),
  FileBlobStore: async () => unwrap(await FileBlobStore.open(mkdtempSync(join(directory, 's-')))),
}

for (const [name, open] of Object.entries(media)) {
  describe(`creator on ${name}`, () => {
    const subject = {
      open: async () => {
        const db = await memoryDb()
        const store = await open()
        const creator = newCreator({ store, db })
        const checkpoints = []
        for (const version of [1n, 2n, 10n]) {
          const tree = treeOf({
            gen: 'template',
            count: Number(version) * 9,
            key: 'k{i}',
            value: 'v',
          })
          const { root } = unwrap(await commitTree(tree, db, { version }))
          checkpoints.push(unwrap(await creator.createCheckpoint(root, 300, 2)))
        }
        return { provider: creator, checkpoints, creator, store, db }
      },
    }
    for (const { name, run } of chunkProviderContract(subject)) test(name, run)

    const creators = {
      open: async () => {
        const db = await memoryDb()
        return { creator: newCreator({ store: await open(), db }), db }
      },
    }
    for (const { name, run } of creatorContract(creators)) test(name, run)

    test('keeps the layout of the original', async () => {
      const { store, checkpoints } = await subject.open()
      const keys = []
      for await (const { key } of store.list()) keys.push(key)
      const expected = checkpoints.flatMap(({ root, chunks }) => {
        const home = `${root.version}/${toHex(root.hash)}`
        return [`${home}/meta`, `${home}/params`, ...chunks.map((_, i) => `${home}/chunks/${i}`)]
      })
      expect(keys.sort()).toEqual(expected.sort())
    })

    test('two creators that make one checkpoint at once make the same one', async () => {
      const db = await memoryDb()
      const store = await open()
      const tree = treeOf({ gen: 'template', count: 60, key: 'k{i}', value: 'value {i}' })
      const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
      const [one, two] = await Promise.all(
        [200, 700].map((size) => newCreator({ store, db }).createCheckpoint(root, size)),
      )
      if (one === undefined || two === undefined) throw new TypeError('two were made')
      expect(unwrap(one)).toEqual(unwrap(two))
      const target = await memoryDb()
      const provider = newCreator({ store, db })
      unwrap(await restoreCheckpoint(unwrap(one), { db: target, provider }))
    })

    test('gives an existing checkpoint as it is, and removes one completely', async () => {
      const { creator, store, checkpoints } = await subject.open()
      const [first] = checkpoints
      if (first === undefined) throw new TypeError('no checkpoint')
      expect(unwrap(await creator.createCheckpoint(first.root, 7, 9))).toEqual(first)
      unwrap(await creator.deleteCheckpoint(1, first.root))
      const again = await creator.deleteCheckpoint(1, first.root)
      expect(again.ok ? 'ok' : again.error.code).toBe('CHECKPOINT_NOT_FOUND')
      const prefix = `${first.root.version}/`
      for await (const { key } of store.list({ prefix })) expect(key).toBe('gone')
      const request = { version: 1, namespace }
      expect(unwrap(await creator.getCheckpoints(request)).checkpoints.length).toBe(2)
    })

    test('lists past a damaged checkpoint and reports it', async () => {
      const { creator, store, checkpoints } = await subject.open()
      const [first] = checkpoints
      if (first === undefined) throw new TypeError('no checkpoint')
      const key = `${first.root.version}/${toHex(first.root.hash)}/meta`
      unwrap(await store.put(key, new Uint8Array([0xff])))
      const listed = unwrap(await creator.getCheckpoints({ version: 1, namespace }))
      expect(listed.checkpoints.length).toBe(2)
      expect(listed.damaged.map((each) => each.key)).toEqual([key])
      const found = await creator.getCheckpoint(1, first.root)
      expect(found.ok ? 'ok' : found.error.code).toBe('CORRUPTED')
      unwrap(await creator.deleteCheckpoint(1, first.root))
      expect(unwrap(await creator.createCheckpoint(first.root, 300, 2))).toEqual(first)
    })

    test('does not take a root of another type for the one it has', async () => {
      const { creator, checkpoints } = await subject.open()
      const [first] = checkpoints
      if (first === undefined) throw new TypeError('no checkpoint')
      const other = await creator.createCheckpoint({ ...first.root, type: 2 }, 300)
      expect(other.ok ? 'ok' : other.error.code).toBe('CHECKPOINT_ALREADY_EXISTS')
      const odd = await creator.createCheckpoint(first.root, Number.NaN)
      expect(odd.ok ? 'ok' : odd.error.code).toBe('INVALID_ARGUMENT')
      const none = await creator.createCheckpoint({ ...first.root, version: 99n }, 300)
      expect(none.ok ? 'ok' : none.error.code).toBe('NODE_DB_REFUSED')
    })
  })
}

test('a creator and a restorer as one, on a directory with the modes of the original', async () => {
  const dir = mkdtempSync(join(directory, 'layout-'))
  const db = await memoryDb()
  const tree = treeOf({ gen: 'decimal', count: 100 })
  const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
  const creator = unwrap(await openFileCreator({ dir, db }))
  const target = await memoryDb()
  const both = newCreateRestorer(creator, newRestorer({ db: target }))
  const metadata = unwrap(await both.createCheckpoint(root, 1000))
  unwrap(await restoreCheckpoint(metadata, { db: target, provider: both }))
  const home = join(dir, '1', toHex(root.hash))
  expect(readdirSync(dir)).toEqual(['1'])
  expect(readdirSync(home).sort()).toEqual(['chunks', 'meta', 'params'])
  expect(statSync(home).mode & 0o777).toBe(0o700)
  expect(statSync(join(home, 'meta')).mode & 0o777).toBe(0o600)
  await creator.close()
})

describe('a creator on a directory and a lenient restorer, as one', () => {
  const together = async () => {
    const db = await memoryDb()
    const dir = mkdtempSync(join(directory, 'both-'))
    const creator = unwrap(await openFileCreator({ dir, db }))
    return { db, both: newCreateRestorer(creator, newRestorer({ db, strict: false })) }
  }
  const creators = { open: () => together().then(({ db, both }) => ({ db, creator: both })) }
  for (const { name, run } of creatorContract(creators)) test(name, run)

  const restorers = {
    open: () => memoryDb(),
    restorer: (db: NodeDb) => {
      const creator = newCreator({ store: new MemoryBlobStore(), db })
      return newCreateRestorer(creator, newRestorer({ db, strict: false }))
    },
  }
  for (const { name, run } of restorerContract(restorers)) test(name, run)
})

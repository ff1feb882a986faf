import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import {
  commitTree,
  loadTree,
  MemoryNodeStore,
  newCreator,
  toHex,
  Tree,
  type NodeDb,
  type NodeStore,
  type Root,
} from '../src/index.ts'
import { chunkWriter } from '../src/chunk/chunk-file.ts'
import { chunkerOf } from '../src/chunk/chunker.ts'
import { memoryDb, randomBytes, randomOf } from './support/harness.ts'

const seed = Number(process.env['TIDEMARK_SEED'] ?? 1)

/** A store that notes how many nodes each question was about and how many bytes it gave. */
function watched(inner: NodeStore): { store: NodeStore; asked: number[]; bytes: number[] } {
  const asked: number[] = []
  const bytes: number[] = []
  const store = new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name === 'get') {
        return async (...args: Parameters<NodeStore['get']>) => {
          asked.push(1)
          return target.get(...args)
        }
      }
      if (name !== 'getMany') return (...args: unknown[]): unknown => member.apply(target, args)
      return async (...args: Parameters<NodeStore['getMany']>) => {
        const found = await target.getMany(...args)
        asked.push(args[0].length)
        const given = found.ok ? found.value : []
        bytes.push(given.reduce((sum, value) => sum + (value?.length ?? 0), 0))
        return found
      }
    },
  })
  return { store, asked, bytes }
}

async function committed(entries: number, valueBytes: number) {
  const random = randomOf(seed * 15_485_863 + entries)
  const tree = new Tree()
  for (let i = 0; i < entries; i++) {
    unwrap(tree.insert(randomBytes(random, 16), new Uint8Array(valueBytes).fill(i)))
  }
  const inner = new MemoryNodeStore()
  const { store, asked, bytes } = watched(inner)
  const db = await memoryDb(store)
  const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
  asked.length = 0
  return { db, root, tree, asked, bytes, nodes: inner.nodeCount }
}

const doings: readonly (readonly [string, (db: NodeDb, root: Root) => Promise<void>])[] = [
  ['creation in key order', (db, root) => create(db, root, 0)],
  ['creation for seven threads', (db, root) => create(db, root, 7)],
  [
    'loading a tree',
    async (db, root) => {
      expect(toHex(unwrap(await loadTree(db, root)).rootHash())).toBe(toHex(root.hash))
    },
  ],
]

async function create(db: NodeDb, root: Root, threads: number): Promise<void> {
  const creator = newCreator({ store: new MemoryBlobStore(), db })
  unwrap(await creator.createCheckpoint(root, 20_000, threads))
}

describe.each(doings)('%s reads ahead', (_, doing) => {
  test('every node once, and dozens at a time', async () => {
    const { db, root, asked, nodes } = await committed(5000, 40)
    await doing(db, root)
    expect(asked.reduce((sum, count) => sum + count, 0)).toBe(nodes)
    expect(nodes / asked.length).toBeGreaterThan(25)
    expect(Math.max(...asked)).toBeLessThanOrEqual(64)
  })

  test('large values a few at a time', async () => {
    const { db, root, asked, bytes, nodes } = await committed(200, 200_000)
    await doing(db, root)
    // A leaf that cannot be split among threads is read again rather than kept.
    expect(asked.reduce((sum, count) => sum + count, 0)).toBeLessThan(1.1 * nodes)
    const [most = 0, second = 0] = [...bytes].sort((a, b) => b - a)
    // The first large values come unexpected, the others are within the bound.
    expect(most).toBeLessThanOrEqual(64 * 200_100)
    expect(second).toBeLessThanOrEqual(4 * 1024 * 1024)
  })
})

test('for hundreds of threads: the same chunks as from the tree in memory', async () => {
  const { db, root, tree } = await committed(5000, 20)
  const options = { chunkSize: 200, threads: 700 }
  const creator = newCreator({ store: new MemoryBlobStore(), db })
  const { chunkSize, threads } = options
  const made = unwrap(await creator.createCheckpoint(root, chunkSize, threads))
  const digests = unwrap(
    tree.walk(function* (top) {
      const chunker = chunkerOf(top, options)
      const all: string[] = []
      for (;;) {
        const file = chunkWriter()
        if (!(yield* chunker.next(file.write))) return all
        all.push(toHex(file.end().digest))
      }
    }),
  )
  expect(made.chunks.map(toHex)).toEqual(digests)
})

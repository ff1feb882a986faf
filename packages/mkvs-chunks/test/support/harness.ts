import { MemoryBlobStore, unwrap } from '@tidemark/core'
import {
  commitTree,
  MemoryNodeStore,
  newCreator,
  openNodeDb,
  testNamespace,
  type Creator,
  type Metadata,
  type NodeDb,
  type NodeStore,
  type Tree,
} from '../../src/index.ts'

/** The namespace of the vectors. */
export const namespace = testNamespace('oasis mkvs checkpoint test ns')

/** An empty node database in memory. */
export async function memoryDb(store: NodeStore = new MemoryNodeStore()): Promise<NodeDb> {
  return unwrap(await openNodeDb({ store, namespace }))
}

/** A tree's checkpoint in memory. */
export async function checkpointOf(
  tree: Tree,
  chunkSize: number,
  threads = 0,
): Promise<{ db: NodeDb; blobs: MemoryBlobStore; creator: Creator; metadata: Metadata }> {
  const db = await memoryDb()
  const blobs = new MemoryBlobStore()
  const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
  const creator = newCreator({ store: blobs, db })
  const metadata = unwrap(await creator.createCheckpoint(root, chunkSize, threads))
  return { db, blobs, creator, metadata }
}

/** A deterministic source of numbers in [0, 1), by seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Random bytes of a length. */
export function randomBytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

/** Random entries: few distinct bytes and many shared prefixes, and some long keys and values. */
export function randomEntries(random: () => number): [Uint8Array, Uint8Array][] {
  const count = Math.floor(random() ** 2 * 120)
  const entries: [Uint8Array, Uint8Array][] = []
  for (let i = 0; i < count; i++) {
    const base = entries[Math.floor(random() * entries.length)]?.[0] ?? new Uint8Array(0)
    const shared = base.subarray(0, Math.floor(random() * (base.length + 1)))
    const own = randomBytes(random, Math.floor(random() * 6)).map((byte) =>
      random() < 0.5 ? byte & 0x81 : byte,
    )
    const key = new Uint8Array([...shared, ...own])
    const length = random() < 0.0005 ? 70_000 : random() < 0.02 ? 2000 : 40
    entries.push([key, randomBytes(random, Math.floor(random() * length))])
  }
  return entries
}

/** The same bytes but for one. */
export function withByte(bytes: Uint8Array, index: number, value: number): Uint8Array {
  const copy = bytes.slice()
  copy[index] = value
  return copy
}

import {
  coreError,
  err,
  MemoryBlobStore,
  unwrap,
  type BlobStore,
  type Result,
} from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import {
  commitTree,
  decodeMetadata,
  getChunkMetadata,
  loadTree,
  MemoryNodeStore,
  newCreator,
  newRestorer,
  restoreCheckpoint,
  Tree,
  type Metadata,
  type NodeStore,
} from '../src/index.ts'
import { encodeMetadata } from '../src/record/metadata.ts'
import { toHex } from '../src/bytes/bytes.ts'
import {
  checkpointOf,
  memoryDb,
  namespace,
  randomEntries,
  randomOf,
  withByte,
} from './support/harness.ts'
import { treeOf } from './support/vectors.ts'

const seed = Number(process.env['TIDEMARK_SEED'] ?? 1)

const lost = err(coreError('IO_FAILED', 'power cut', { operation: 'any' }))

/** Where a run stops: at this call, before or after it takes effect. Every later call fails too. */
interface Cut {
  readonly at: number
  readonly after: boolean
  calls: number
}

async function cutCall<T>(cut: Cut, call: () => Promise<Result<T, Error>>): Promise<unknown> {
  const n = cut.calls++
  if (n > cut.at) return lost
  if (n < cut.at) return call()
  if (cut.after) unwrap(await call())
  return lost
}

/** A store whose changing calls stop at a cut; `calls` counts them. */
function cutting<T extends object>(inner: T, changes: readonly string[], cut: Cut): T {
  return new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = (...args: unknown[]): unknown => Reflect.apply(member, target, args)
      if (!changes.includes(String(name))) return call
      return (...args: unknown[]) =>
        cutCall(
          cut,
          () =>
            // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the calls that are listed
            call(...args) as Promise<Result<unknown, Error>>,
        )
    },
  })
}

const tree = treeOf({ gen: 'template', count: 30, key: 'key {i}', value: 'value {i}' })

describe('a creation or deletion that stops at any change', () => {
  for (const doing of ['create', 'delete'] as const) {
    test(`${doing}: the checkpoint is whole or absent, and the same call completes it`, async () => {
      const whole = await checkpointOf(tree, 300)
      let cuts = 0
      for (const after of [false, true]) {
        for (let at = 0; ; at++) {
          const db = await memoryDb()
          const { root } = unwrap(await commitTree(freshTree(), db, { version: 1n }))
          const blobs: BlobStore = new MemoryBlobStore()
          if (doing === 'delete') {
            unwrap(await newCreator({ store: blobs, db }).createCheckpoint(root, 300))
          }
          const cut = { at, after, calls: 0 }
          const cutBlobs = cutting(blobs, ['put', 'delete'], cut)
          const dying = newCreator({ store: cutBlobs, db })
          const outcome =
            doing === 'create'
              ? await dying.createCheckpoint(root, 300)
              : await dying.deleteCheckpoint(1, root)
          if (cut.calls <= at) {
            expect(outcome.ok).toBe(true)
            break
          }
          cuts++
          const creator = newCreator({ store: blobs, db })
          const listed = unwrap(await creator.getCheckpoints({ version: 1, namespace }))
          expect(listed.damaged).toEqual([])
          for (const metadata of listed.checkpoints) await restorable(metadata, blobs)
          const again = unwrap(await creator.createCheckpoint(root, 300))
          expect(again).toEqual(whole.metadata)
          await restorable(again, blobs)
        }
      }
      expect(cuts).toBeGreaterThanOrEqual(4)
    })
  }
})

function freshTree(): Tree {
  return treeOf({ gen: 'template', count: 30, key: 'key {i}', value: 'value {i}' })
}

async function restorable(metadata: Metadata, blobs: BlobStore): Promise<void> {
  const db = await memoryDb()
  const provider = newCreator({ store: blobs, db })
  unwrap(await restoreCheckpoint(metadata, { db, provider }))
  expect(toHex(unwrap(await loadTree(db, metadata.root)).rootHash())).toBe(toHex(tree.rootHash()))
}

describe('a restore, commit or prune that stops at any write', () => {
  test('restore: goes on from there to the same root, or is aborted without a trace', async () => {
    const { creator, metadata } = await checkpointOf(tree, 300)
    for (const after of [false, true]) {
      for (let at = 0; ; at++) {
        const store: NodeStore = new MemoryNodeStore()
        const cut = { at, after, calls: 0 }
        const dying = await memoryDb(store).then(() => cutting(store, ['write'], cut))
        const first = await restoreInto(dying, metadata, creator)
        if (cut.calls <= at) {
          expect(first).toBe('ok')
          break
        }
        const db = await memoryDb(store)
        if (db.latestVersion === undefined) {
          expect(db.hasRoot(metadata.root) && db.multipartVersion === undefined).toBe(false)
          unwrap(await restoreCheckpoint(metadata, { db, provider: creator }))
        }
        const restored = unwrap(await loadTree(db, metadata.root))
        expect(toHex(restored.rootHash())).toBe(toHex(tree.rootHash()))
      }
    }
  })

  test.each(['some', 'all'])(
    'abort of %s chunks: a restore then begins anew, and a repeated abort leaves nothing',
    async (amount) => {
      const { creator, metadata } = await checkpointOf(tree, 300)
      const count = amount === 'all' ? metadata.chunks.length : metadata.chunks.length - 2
      for (const after of [false, true]) {
        for (let at = 0; ; at++) {
          const store = new MemoryNodeStore()
          const setup = await memoryDb(store)
          const older = treeOf({ gen: 'template', count: 9, key: 'key {i}', value: 'value {i}' })
          const { root } = unwrap(await commitTree(older, setup, { version: 0n }))
          unwrap(await setup.finalize([root]))
          const before = store.nodeCount
          unwrap(await setup.startMultipartInsert(1n))
          const restorer = newRestorer({ db: setup })
          unwrap(await restorer.startRestore(metadata))
          for (let i = 0; i < count; i++) {
            const chunk = unwrap(getChunkMetadata(metadata, i))
            const body = unwrap(await creator.getCheckpointChunk(chunk))
            unwrap(await restorer.restoreChunk(i, unwrap(await body.bytes())))
          }
          const cut = { at, after, calls: 0 }
          const db = await memoryDb(cutting<NodeStore>(store, ['write'], cut))
          const aborted = await db.abortMultipartInsert()
          if (cut.calls <= at) {
            expect([aborted.ok, store.nodeCount]).toEqual([true, before])
            break
          }
          if (at % 2 === 0) {
            const again = await memoryDb(store)
            unwrap(await again.abortMultipartInsert())
            expect(store.nodeCount).toBe(before)
            continue
          }
          const again = await memoryDb(store)
          expect(again.hasRoot(metadata.root)).toBe(false)
          unwrap(await restoreCheckpoint(metadata, { db: again, provider: creator }))
          const restored = unwrap(await loadTree(again, metadata.root))
          expect(toHex(restored.rootHash())).toBe(toHex(tree.rootHash()))
          expect(unwrap(await loadTree(again, root)).rootHash()).toEqual(older.rootHash())
        }
      }
    },
  )

  test.each(['goes on', 'is aborted without a trace'])(
    'restore of a chunk that takes several writes %s',
    async (end) => {
      const large = treeOf({ gen: 'template', count: 4500, key: 'k {i}', value: '{i}' })
      const { creator, metadata } = await checkpointOf(large, 60_000)
      expect(metadata.chunks.length).toBe(2)
      let cuts = 0
      for (const after of [false, true]) {
        for (let at = 0; ; at++) {
          const store = new MemoryNodeStore()
          const setup = await memoryDb(store)
          const older = treeOf({ gen: 'template', count: 40, key: 'k {i}', value: '{i}' })
          const { root } = unwrap(await commitTree(older, setup, { version: 0n }))
          unwrap(await setup.finalize([root]))
          const before = store.nodeCount
          const cut = { at, after, calls: 0 }
          await restoreInto(cutting<NodeStore>(store, ['write'], cut), metadata, creator)
          if (cut.calls <= at) break
          cuts++
          const db = await memoryDb(store)
          if (db.latestVersion === 1n) continue
          const again = { at: 2, after: true, calls: 0 }
          if (end === 'goes on') {
            unwrap(await restoreCheckpoint(metadata, { db, provider: creator }))
            const restored = unwrap(await loadTree(db, metadata.root))
            expect(restored.rootHash()).toEqual(large.rootHash())
          } else {
            if (at % 2 === 0) await restoreInto(cutting(store, ['write'], again), metadata, creator)
            const dying = await memoryDb(store)
            unwrap(await dying.abortMultipartInsert())
            if (dying.latestVersion === 0n) expect(store.nodeCount).toBe(before)
          }
          expect(unwrap(await loadTree(db, root)).rootHash()).toEqual(older.rootHash())
        }
      }
      // To begin, four parts, the whole tree, the end: each before and after it takes effect.
      expect(cuts).toBeGreaterThanOrEqual(12)
    },
    60_000,
  )

  test('commit and prune: what was final stays readable, and nothing needed goes', async () => {
    for (const after of [false, true]) {
      for (let at = 0; ; at++) {
        const store = new MemoryNodeStore()
        const setup = await memoryDb(store)
        const edited = freshTree()
        const first = unwrap(await commitTree(edited, setup, { version: 1n })).root
        unwrap(await setup.finalize([first]))
        const kept = toHex(first.hash)
        const cut = { at, after, calls: 0 }
        const db = await memoryDb(cutting<NodeStore>(store, ['write'], cut))
        for (const [key] of [...edited.entries()].slice(0, 12)) unwrap(edited.remove(key))
        const second = await commitTree(edited, db, { version: 2n, oldRoot: first })
        const finalized = second.ok ? await db.finalize([second.value.root]) : second
        const pruned = finalized.ok ? await db.prune(1n) : finalized
        const again = await memoryDb(store)
        const latest = again.latestVersion ?? 0n
        for (const root of again.rootsOf(latest)) {
          const loaded = unwrap(await loadTree(again, root))
          expect(toHex(loaded.rootHash())).toBe(latest === 1n ? kept : toHex(root.hash))
        }
        expect(again.rootsOf(latest).length).toBe(1)
        if (cut.calls <= at) {
          expect(pruned.ok).toBe(true)
          break
        }
      }
    }
  })
})

async function restoreInto(
  store: NodeStore,
  metadata: Metadata,
  provider: Awaited<ReturnType<typeof checkpointOf>>['creator'],
): Promise<string> {
  const { openNodeDb } = await import('../src/index.ts')
  const db = await openNodeDb({ store, namespace })
  if (!db.ok) return db.error.code
  const restored = await restoreCheckpoint(metadata, { db: db.value, provider })
  return restored.ok ? 'ok' : restored.error.code
}

describe('mutations', () => {
  const NAMED = [
    'CHUNK_CORRUPTED',
    'CHUNK_PROOF_VERIFICATION_FAILED',
    'MALFORMED',
    'UNSUPPORTED',
    'NODE_DB_REFUSED',
  ]

  test('of chunks, with and without a digest that fits: a named error, never a wrong node', async () => {
    for (let run = 0; run < 150; run++) {
      const random = randomOf(seed * 49_979_687 + run)
      const source = new Tree()
      for (const [key, value] of randomEntries(random)) unwrap(source.insert(key, value))
      const { creator, metadata } = await checkpointOf(source, Math.floor(random() * 600))
      const target = Math.floor(random() * metadata.chunks.length)
      const chunk = unwrap(getChunkMetadata(metadata, target))
      const honest = unwrap(await unwrap(await creator.getCheckpointChunk(chunk)).bytes())
      const bytes = mutated(honest, random)
      const store = new MemoryNodeStore()
      const db = await memoryDb(store)
      unwrap(await db.startMultipartInsert(1n))
      const { hash } = await import('#hash')
      const isLie = random() < 0.7
      const chunks = metadata.chunks.map((digest, i) =>
        isLie && i === target ? hash(bytes) : digest,
      )
      const restorer = newRestorer({ db })
      unwrap(await restorer.startRestore({ ...metadata, chunks }))
      const result = await restorer.restoreChunk(target, bytes)
      if (result.ok) {
        // Only what Snappy skips or packs in another way can differ and still be the same proof.
        for (let i = 0; i < chunks.length; i++) {
          if (i === target) continue
          const each = unwrap(getChunkMetadata(metadata, i))
          const body = unwrap(await creator.getCheckpointChunk(each))
          unwrap(await restorer.restoreChunk(i, unwrap(await body.bytes())))
        }
        unwrap(await db.finalize([metadata.root]))
        const restored = unwrap(await loadTree(db, metadata.root))
        expect(toHex(restored.rootHash())).toBe(toHex(source.rootHash()))
      } else {
        expect(NAMED, `seed ${seed} run ${run}`).toContain(result.error.code)
        expect(store.nodeCount).toBe(0)
      }
    }
  })

  test('of metadata: a named error, or a checkpoint that is never done', async () => {
    const { creator, metadata } = await checkpointOf(tree, 300)
    const honest = encodeMetadata(metadata)
    for (let i = 0; i < honest.length; i++) {
      const decoded = decodeMetadata(withByte(honest, i, (honest[i] ?? 0) ^ 0x5a))
      if (!decoded.ok) continue
      const db = await memoryDb()
      const result = await restoreCheckpoint(decoded.value, {
        db,
        provider: rename(creator, metadata),
      })
      const code = result.ok ? 'ok' : result.error.code
      const sameTree = toHex(decoded.value.root.hash) === toHex(metadata.root.hash)
      const isRenamed =
        sameTree && decoded.value.chunks.every((d, n) => d.join() === metadata.chunks[n]?.join())
      if (isRenamed) expect(['ok', ...NAMED]).toContain(code)
      else expect(NAMED, `byte ${i}`).toContain(code)
    }
  })
})

/** A provider that gives its chunks under whatever root they are asked for. */
function rename(
  creator: Awaited<ReturnType<typeof checkpointOf>>['creator'],
  metadata: Metadata,
): Awaited<ReturnType<typeof checkpointOf>>['creator'] {
  return {
    ...creator,
    getCheckpointChunk: async ({ index }) =>
      creator.getCheckpointChunk(unwrap(getChunkMetadata(metadata, index))),
  }
}

/** The bytes with a few changed, some cut off, or some repeated. */
function mutated(bytes: Uint8Array, random: () => number): Uint8Array {
  const kind = random()
  const at = Math.floor(random() * bytes.length)
  if (kind < 0.15) return bytes.slice(0, at)
  if (kind < 0.3) return new Uint8Array([...bytes, ...bytes.subarray(at)])
  let changed = bytes
  for (let n = 0; n <= random() * 4; n++) {
    const index = Math.floor(random() * bytes.length)
    changed = withByte(changed, index, Math.floor(random() * 256))
  }
  return changed
}

import { unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import {
  commitTree,
  EMPTY_HASH,
  getProof,
  loadTree,
  MemoryNodeStore,
  openNodeDb,
  proveStored,
  testNamespace,
  Tree,
  verifyProof,
  type NodeDb,
  type Root,
} from '../src/index.ts'
import { toHex } from '../src/bytes/bytes.ts'
import { memoryDb, namespace, randomEntries, randomOf, withByte } from './support/harness.ts'
import { utf8 } from './support/vectors.ts'

const seed = Number(process.env['TIDEMARK_SEED'] ?? 1)

async function committed(db: NodeDb, tree: Tree, version: bigint, oldRoot?: Root): Promise<Root> {
  const options = oldRoot === undefined ? { version } : { version, oldRoot }
  return unwrap(await commitTree(tree, db, options)).root
}

/** What a refused call says, by the original's number. */
function refusal(result: { ok: boolean; error?: unknown }): unknown {
  const details: unknown = Reflect.get(Object(result.error), 'details')
  const upstream: unknown = Reflect.get(Object(details), 'upstream')
  return Reflect.get(Object(upstream), 'code')
}

describe('node database', () => {
  test('keeps what final roots need and nothing else, through edits, losers and prunes', async () => {
    for (let run = 0; run < 40; run++) {
      const random = randomOf(seed * 32_452_843 + run)
      const store = new MemoryNodeStore()
      const db = await memoryDb(store)
      const tree = new Tree()
      const past = new Map<bigint, string>()
      const roots: Root[] = []
      for (let version = 1n; version <= 8n; version++) {
        for (const [key, value] of randomEntries(random).slice(0, 25))
          unwrap(tree.insert(key, value))
        for (const [key] of Array.from(tree.entries())) if (random() < 0.3) unwrap(tree.remove(key))
        const oldRoot = roots.at(-1)
        if (random() < 0.5) {
          const loser = oldRoot === undefined ? new Tree() : unwrap(await loadTree(db, oldRoot))
          for (const [key, value] of randomEntries(random).slice(0, 5)) {
            unwrap(loser.insert(key, value))
          }
          await committed(db, loser, version, oldRoot)
        }
        const root = await committed(db, tree, version, oldRoot)
        unwrap(await db.finalize([root]))
        roots.push(root)
        past.set(version, [...tree.entries()].map(([k, v]) => `${toHex(k)}=${toHex(v)}`).join())
        if (random() < 0.4 && db.earliestVersion !== version) {
          unwrap(await db.prune(db.earliestVersion ?? 0n))
        }
        const again = await memoryDb(store)
        for (const kept of roots.filter((each) => again.hasRoot(each))) {
          const loaded = unwrap(await loadTree(again, kept))
          const text = [...loaded.entries()].map(([k, v]) => `${toHex(k)}=${toHex(v)}`).join()
          expect(text, `seed ${seed} run ${run}`).toBe(past.get(kept.version))
        }
      }
      while (db.earliestVersion !== db.latestVersion) {
        unwrap(await db.prune(db.earliestVersion ?? 0n))
      }
      const alone = new MemoryNodeStore()
      const fresh = new Tree()
      for (const [key, value] of tree.entries()) unwrap(fresh.insert(key, value))
      await committed(await memoryDb(alone), fresh, 8n)
      expect(store.nodeCount, `seed ${seed} run ${run}`).toBe(alone.nodeCount)
    }
  })

  test('refuses what the original refuses, by its numbers', async () => {
    const db = await memoryDb()
    const tree = new Tree()
    unwrap(tree.insert(utf8('a'), utf8('1')))
    const root = await committed(db, tree, 1n)
    const at = (version: bigint, hash = EMPTY_HASH): Root => ({ ...root, version, hash })
    const unknown = at(2n, new Uint8Array(32))
    const foreign = { ...root, namespace: testNamespace('foreign') }
    expect(refusal(await db.finalize([unknown]))).toBe(8)
    expect(refusal(await db.commit(at(1n), foreign, []))).toBe(10)
    expect(refusal(await db.commit(at(1n), at(3n), []))).toBe(9)
    expect(refusal(await db.commit(root, at(1n), []))).toBe(9)
    expect(refusal(await db.prune(1n))).toBe(3)
    unwrap(await db.finalize([root]))
    expect(refusal(await db.finalize([root]))).toBe(4)
    expect(refusal(await db.commit(at(0n), at(1n), []))).toBe(4)
    expect(refusal(await db.finalize([at(3n)]))).toBe(3)
    expect(refusal(await db.prune(1n))).toBe(16)
    unwrap(await db.finalize([at(2n)]))
    expect(refusal(await db.prune(2n))).toBe(11)
    expect(refusal(await db.startMultipartInsert(0n))).toBe(14)
    unwrap(await db.startMultipartInsert(9n))
    unwrap(await db.startMultipartInsert(9n))
    expect(refusal(await db.startMultipartInsert(8n))).toBe(13)
    expect(refusal(await db.commit(at(2n), at(3n), []))).toBe(13)
    expect(refusal(await db.prune(1n))).toBe(13)
    expect(refusal(await db.finalize([at(8n)]))).toBe(14)
    const progress = { checkpoint: EMPTY_HASH, restored: new Uint8Array(1) }
    expect(refusal(await db.importChunk(at(8n), [], progress))).toBe(14)
    unwrap(await db.abortMultipartInsert())
    unwrap(await db.abortMultipartInsert())
    expect(refusal(await db.importChunk(at(9n), [], progress))).toBe(13)
    expect(refusal(await db.getNode(unknown, { hash: root.hash }))).toBe(8)
    expect(db.hasRoot(at(77n))).toBe(true)
  })

  test('holds one namespace, and tells damaged bytes', async () => {
    const store = new MemoryNodeStore()
    const db = await memoryDb(store)
    const tree = new Tree()
    unwrap(tree.insert(utf8('a'), utf8('1')))
    unwrap(tree.insert(utf8('b'), utf8('2')))
    const root = await committed(db, tree, 1n)
    const other = await openNodeDb({ store, namespace: testNamespace('other') })
    expect(other.ok ? 'ok' : other.error.code).toBe('INVALID_ARGUMENT')
    const bytes = unwrap(await store.get(root.hash)) ?? new Uint8Array(0)
    unwrap(await store.write({ putNodes: [[root.hash, withByte(bytes, 20, 0xee)]] }))
    const damaged = await loadTree(await memoryDb(store), root)
    expect(damaged.ok ? 'ok' : damaged.error.code).toBe('CORRUPTED')
    unwrap(await store.write({ putRecords: [['db/latest', utf8('what')]] }))
    const unreadable = await openNodeDb({ store, namespace })
    expect(unreadable.ok ? 'ok' : unreadable.error.code).toBe('CORRUPTED')
  })

  test('proves from stored roots what it proves from memory', async () => {
    const db = await memoryDb()
    const tree = new Tree()
    for (let i = 0; i < 50; i++) unwrap(tree.insert(utf8(`key ${i}`), utf8(`${i}`)))
    const root = await committed(db, tree, 1n)
    const query = getProof(utf8('key 7'), { version: 1, includeSiblings: true })
    const stored = unwrap(await proveStored(db, root, query))
    expect(stored).toEqual(unwrap(tree.prove(query)))
    const proven = unwrap(verifyProof(root.hash, stored))
    expect(unwrap(proven.get(utf8('key 7')))).toEqual(utf8('7'))
  })
})

import { coreError, err, unwrap, type AsyncResult } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import {
  commitTree,
  EMPTY_HASH,
  getChunkMetadata,
  loadTree,
  MemoryNodeStore,
  newRestorer,
  Tree,
  type Metadata,
  type NodeDb,
  type NodeStore,
  type Restorer,
} from '../src/index.ts'
import { hash } from '#hash'
import { HASHES_PER_READ } from '../src/db/tagged-nodes.ts'
import { NODES_PER_WRITE } from '../src/db/write-parts.ts'
import { checkpointOf, memoryDb, namespace } from './support/harness.ts'
import { base64, hex, treeOf, vectors } from './support/vectors.ts'

const SMALL = treeOf({ gen: 'template', count: 40, key: 'key {i}', value: 'value {i}' })

/** A checkpoint of a small tree, and the bytes of each of its chunks. */
async function small(tree = SMALL) {
  const { creator, metadata } = await checkpointOf(tree, 200)
  const chunks: Uint8Array[] = []
  for (const index of metadata.chunks.keys()) {
    const chunk = unwrap(getChunkMetadata(metadata, index))
    chunks.push(unwrap(await unwrap(await creator.getCheckpointChunk(chunk)).bytes()))
  }
  return { metadata, chunks }
}

/** A database in a multipart insert of version 1. */
async function openInsert(store?: NodeStore): Promise<NodeDb> {
  const db = await memoryDb(store)
  unwrap(await db.startMultipartInsert(1n))
  return db
}

/** Feeds chunks from the first of these on; the answer to the last of them. */
async function feed(restorer: Restorer, chunks: readonly Uint8Array[], indices: Iterable<number>) {
  let last: Awaited<ReturnType<Restorer['restoreChunk']>> | undefined
  for (const index of indices) {
    last = await restorer.restoreChunk(index, chunks[index] ?? new Uint8Array())
    if (!last.ok) return last
  }
  return last
}

/** A store of nodes of which one call fails, counted from when it is armed. */
class FailingStore extends MemoryNodeStore {
  calls = 0
  failAt = Infinity
  /** Called with each call before it is made. */
  before: (name: string) => void = () => undefined

  override get(...args: Parameters<NodeStore['get']>): ReturnType<NodeStore['get']> {
    return this.#or('get', () => super.get(...args))
  }

  override getMany(...args: Parameters<NodeStore['getMany']>): ReturnType<NodeStore['getMany']> {
    return this.#or('getMany', () => super.getMany(...args))
  }

  override record(...args: Parameters<NodeStore['record']>): ReturnType<NodeStore['record']> {
    return this.#or('record', () => super.record(...args))
  }

  override recordNames(
    ...args: Parameters<NodeStore['recordNames']>
  ): ReturnType<NodeStore['recordNames']> {
    return this.#or('recordNames', () => super.recordNames(...args))
  }

  override write(...args: Parameters<NodeStore['write']>): ReturnType<NodeStore['write']> {
    return this.#or('write', () => super.write(...args))
  }

  /** Runs something with its nth call failing; whether it came that far. */
  async failing<T>(at: number, act: () => Promise<T>): Promise<{ result: T; failed: boolean }> {
    this.calls = 0
    this.failAt = at
    const result = await act()
    const failed = this.calls > at
    this.failAt = Infinity
    return { result, failed }
  }

  async #or<T, E>(name: string, call: () => AsyncResult<T, E>) {
    this.before(name)
    if (this.calls++ === this.failAt) {
      return err(coreError('IO_FAILED', 'the disk', { operation: 'node store' }))
    }
    return call()
  }
}

const FAILED = { ok: false, error: { code: 'IO_FAILED' } }
const refusal = (reason: string) => ({ error: { code: 'NODE_DB_REFUSED', details: { reason } } })

describe('a restore', () => {
  test('says what is pending, takes chunks in any order, and is over with the last', async () => {
    const { metadata, chunks } = await small()
    const db = await openInsert()
    const restorer = newRestorer({ db })
    expect(restorer.getCurrentCheckpoint()).toBeUndefined()
    const all = [...metadata.chunks.keys()]
    const started = await restorer.startRestore(metadata)
    expect(started).toEqual({ ok: true, value: { pending: all, resumed: false } })
    expect(restorer.getCurrentCheckpoint()).toBe(metadata)
    for (const index of [...all].sort((a, b) => b - a)) {
      const done = await restorer.restoreChunk(index, chunks[index] ?? new Uint8Array())
      expect(done).toEqual({ ok: true, value: index === 0 })
    }
    expect(restorer.getCurrentCheckpoint()).toBeUndefined()
    expect(await restorer.restoreChunk(0, new Uint8Array())).toMatchObject({
      error: { code: 'NO_RESTORE_IN_PROGRESS' },
    })
    unwrap(await db.finalize([metadata.root]))
    expect(unwrap(await loadTree(db, metadata.root)).rootHash()).toEqual(SMALL.rootHash())
  })

  test('is refused while another is open or is being opened, and of what makes no sense', async () => {
    const { metadata } = await small()
    const restorer = newRestorer({ db: await openInsert() })
    const open = { error: { code: 'RESTORE_ALREADY_IN_PROGRESS' } }
    const malformed = { ...metadata, chunks: [] }
    expect(await restorer.startRestore(malformed)).toMatchObject({ error: { code: 'MALFORMED' } })
    const newer = { ...metadata, version: 2 }
    const details = { feature: 'checkpoint format version 2' }
    const unsupported = { error: { code: 'UNSUPPORTED', details } }
    expect(await restorer.startRestore(newer)).toMatchObject(unsupported)
    const both = [restorer.startRestore(metadata), restorer.startRestore(metadata)]
    expect(await Promise.all(both)).toMatchObject([{ ok: true }, open])
    expect(await restorer.startRestore(metadata)).toMatchObject(open)
    unwrap(await restorer.abortRestore())
    expect(await restorer.startRestore(metadata)).toMatchObject({ ok: true })
  })

  test('answers for each chunk why it does not want it', async () => {
    const { metadata, chunks } = await small()
    const restorer = newRestorer({ db: await openInsert() })
    unwrap(await restorer.startRestore(metadata))
    const why = async (index: number) => {
      const result = await restorer.restoreChunk(index, chunks[index] ?? new Uint8Array())
      return result.ok ? 'ok' : result.error.details
    }
    expect(await why(0)).toBe('ok')
    expect(await why(0)).toMatchObject({ index: 0, reason: 'done' })
    const outside = metadata.chunks.length
    expect(await why(outside)).toMatchObject({ index: outside, reason: 'out-of-range' })
    const twice = await Promise.all([why(1), why(1)])
    expect(twice).toMatchObject(['ok', { index: 1, reason: 'in-flight' }])
    const wrong = await restorer.restoreChunk(2, chunks[1] ?? new Uint8Array())
    expect(wrong).toMatchObject({ error: { code: 'CHUNK_CORRUPTED', details: { index: 2 } } })
    // It is neither in flight any more nor done.
    expect(await why(2)).toBe('ok')
  })

  test('goes on where the note says, of the same checkpoint only', async () => {
    const { metadata, chunks } = await small()
    const store = new MemoryNodeStore()
    const first = newRestorer({ db: await openInsert(store) })
    unwrap(await first.startRestore(metadata))
    unwrap((await feed(first, chunks, [1, 2])) ?? err(new Error()))
    const rest = [...metadata.chunks.keys()].filter((i) => i !== 1 && i !== 2)
    const again = newRestorer({ db: await openInsert(store) })
    expect(unwrap(await again.startRestore(metadata))).toEqual({ pending: rest, resumed: true })
    expect(await feed(again, chunks, rest)).toEqual({ ok: true, value: true })
    const other = { ...metadata, chunks: metadata.chunks.slice(1) }
    const db = await openInsert(store)
    const anew = unwrap(await newRestorer({ db }).startRestore(other))
    expect(anew).toEqual({ pending: [...other.chunks.keys()], resumed: false })
  })

  test('begins anew after it was aborted', async () => {
    const { metadata, chunks } = await small()
    const db = await openInsert()
    const restorer = newRestorer({ db })
    expect(await restorer.abortRestore()).toEqual({ ok: true, value: undefined })
    unwrap(await restorer.startRestore(metadata))
    unwrap((await feed(restorer, chunks, [0, 1])) ?? err(new Error()))
    unwrap(await restorer.abortRestore())
    expect(restorer.getCurrentCheckpoint()).toBeUndefined()
    expect(unwrap(await restorer.startRestore(metadata)).resumed).toBe(false)
  })

  test('of a checkpoint that proves something else ends, and leaves no note', async () => {
    const { metadata, chunks } = await small()
    const [chunk = new Uint8Array()] = chunks
    const lies: [Metadata, string][] = [
      [{ ...metadata, root: { ...metadata.root, hash: hash(chunk) } }, ''],
      [{ ...metadata, chunks: [hash(new Uint8Array(9))] }, ''],
      [{ ...metadata, chunks: metadata.chunks.slice(0, 1) }, 'incomplete'],
    ]
    for (const [lie, reason] of lies) {
      const db = await openInsert()
      const restorer = newRestorer({ db })
      unwrap(await restorer.startRestore(lie))
      const isTrue = lie.chunks[0]?.join() === hash(chunk).join()
      const result = await restorer.restoreChunk(0, isTrue ? chunk : new Uint8Array(9))
      const code = 'CHUNK_PROOF_VERIFICATION_FAILED'
      expect(result).toMatchObject({ error: { code } })
      if (reason !== '') expect(result).toMatchObject({ error: { details: { reason } } })
      else expect(result).toMatchObject({ error: { details: { index: 0 } } })
      expect(restorer.getCurrentCheckpoint()).toBeUndefined()
      expect(unwrap(await db.restoreProgress(lie.root))).toBeUndefined()
    }
  })

  test('takes chunks up to its limits, stored and opened', async () => {
    const { metadata, chunks } = await small()
    const longest = Math.max(...chunks.map(({ length }) => length))
    for (const [limits, expected] of [
      [{ maxChunkBytes: longest }, 'ok'],
      [{ maxChunkBytes: 20 }, 'maxChunkBytes'],
      [{ maxRawChunkBytes: 30 }, 'maxRawChunkBytes'],
      [{ maxDepth: 1 }, 'proof'],
    ] as const) {
      const restorer = newRestorer({ db: await openInsert(), ...limits })
      unwrap(await restorer.startRestore(metadata))
      const result = await restorer.restoreChunk(0, chunks[0] ?? new Uint8Array())
      if (expected === 'ok') expect(result).toEqual({ ok: true, value: false })
      else if (expected === 'proof') {
        expect(result).toMatchObject({ error: { code: 'CHUNK_PROOF_VERIFICATION_FAILED' } })
      } else {
        expect(result).toMatchObject({ error: { code: 'LIMIT_EXCEEDED' } })
        expect(restorer.getCurrentCheckpoint()).toBe(metadata)
      }
    }
  })

  test('of an empty tree is one chunk, and the empty tree', async () => {
    const { metadata, chunks } = await small(new Tree())
    expect(metadata.root.hash).toEqual(EMPTY_HASH)
    const db = await openInsert()
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(metadata))
    expect(await feed(restorer, chunks, chunks.keys())).toEqual({ ok: true, value: true })
    unwrap(await db.finalize([metadata.root]))
  })
})

/** A store that remembers the nodes it was given, without the version in front of each. */
class RememberingStore extends MemoryNodeStore {
  readonly nodes: (readonly [Uint8Array, Uint8Array])[] = []

  override write(...[batch, options]: Parameters<NodeStore['write']>) {
    const putNodes = [...(batch.putNodes ?? [])]
    for (const [hash, value] of putNodes) this.nodes.push([hash.slice(), value.slice(8)])
    return super.write({ ...batch, putNodes }, options)
  }
}

describe('a restore that ends while a chunk is on its way', () => {
  const ended = { error: { code: 'NO_RESTORE_IN_PROGRESS' } }

  test('is not ended again by a chunk that turns out to be bad', async () => {
    const { metadata } = await small()
    const restorer = newRestorer({ db: await openInsert() })
    unwrap(await restorer.startRestore({ ...metadata, chunks: [hash(new Uint8Array(0))] }))
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => (release = resolve))
    async function* bad(): AsyncIterable<Uint8Array> {
      await gate
      yield new Uint8Array(0)
    }
    const late = restorer.restoreChunk(0, bad())
    unwrap(await restorer.abortRestore())
    unwrap(await restorer.startRestore(metadata))
    release()
    expect(await late).toMatchObject(ended)
    expect(restorer.getCurrentCheckpoint()).toBe(metadata)
  })

  test('takes no chunk that waited for another to be stored', async () => {
    const { metadata, chunks } = await small()
    const store = new FailingStore()
    const db = await openInsert(store)
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(metadata))
    let aborting: Promise<unknown> | undefined
    store.before = (name) => {
      if (name === 'write') aborting ??= restorer.abortRestore()
    }
    const both = await Promise.all([feed(restorer, chunks, [0]), feed(restorer, chunks, [1])])
    await aborting
    expect(both).toMatchObject([{ ok: true }, ended])
    expect(unwrap(await store.recordNames('journal/'))).toHaveLength(1)
  })

  test('is not done, although its tree is complete', async () => {
    const { metadata, chunks } = await small()
    const store = new FailingStore()
    const restorer = newRestorer({ db: await openInsert(store) })
    unwrap(await restorer.startRestore(metadata))
    const last = chunks.length - 1
    await feed(restorer, chunks, [...chunks.keys()].slice(0, last))
    let [writes, aborting] = [0, undefined as Promise<unknown> | undefined]
    store.before = (name) => {
      if (name === 'write' && ++writes === 2) aborting ??= restorer.abortRestore()
    }
    expect(await feed(restorer, chunks, [last])).toMatchObject(ended)
    await aborting
    expect(writes).toBeGreaterThan(1)
  })
})

test('chunks are checked strictly unless somebody asks for less', async () => {
  interface Case {
    readonly chunk: string
    readonly digest: string
    readonly root: string
    readonly oasisResult: string
    readonly recommended: string
  }
  const { cases } = vectors<{ cases: readonly Case[] }>('restore-adversarial.json')
  const tolerated = cases.filter((c) => c.oasisResult === 'ok' && !c.recommended.startsWith('ok'))
  expect(tolerated.length).toBeGreaterThan(0)
  for (const { chunk, digest, root: rootHash } of tolerated.slice(0, 3)) {
    const root = { namespace, version: 1n, type: 1, hash: hex(rootHash) }
    const restorer = newRestorer({ db: await openInsert() })
    unwrap(await restorer.startRestore({ version: 1, root, chunks: [hex(digest)] }))
    const code = 'CHUNK_PROOF_VERIFICATION_FAILED'
    expect(await restorer.restoreChunk(0, base64(chunk))).toMatchObject({ error: { code } })
  }
})

describe('a store of nodes that fails at any call', () => {
  test('leaves a chunk to be restored again, and the restore as whole as ever', async () => {
    const { metadata, chunks } = await small()
    const last = metadata.chunks.length - 1
    for (const index of [0, last]) {
      for (let at = 0; ; at++) {
        const store = new FailingStore()
        const db = await openInsert(store)
        const restorer = newRestorer({ db })
        unwrap(await restorer.startRestore(metadata))
        if (index === last) await feed(restorer, chunks, [...chunks.keys()].slice(0, last))
        const { result, failed } = await store.failing(at, () => feed(restorer, chunks, [index]))
        if (!failed) break
        expect(result, `chunk ${index}, call ${at}`).toMatchObject(FAILED)
        expect(restorer.getCurrentCheckpoint()).toBe(metadata)
        expect(db.hasRoot(metadata.root)).toBe(false)
        const rest = [...chunks.keys()].slice(index)
        expect(await feed(restorer, chunks, rest)).toEqual({ ok: true, value: true })
        expect(at).toBeLessThan(20)
      }
    }
  })

  test('refuses the start and the end of a restore, of which the note is then still there', async () => {
    const { metadata, chunks } = await small()
    const store = new FailingStore()
    const db = await openInsert(store)
    const restorer = newRestorer({ db })
    const start = await store.failing(0, () => restorer.startRestore(metadata))
    expect(start.result).toMatchObject(FAILED)
    unwrap(await restorer.startRestore(metadata))
    await feed(restorer, chunks, [0])
    const end = await store.failing(0, () => restorer.abortRestore())
    expect(end.result).toMatchObject(FAILED)
    expect(unwrap(await restorer.startRestore(metadata)).resumed).toBe(true)
  })

  test('leaves an insert begun or not, aborted or to be aborted again: nothing half', async () => {
    const { metadata, chunks } = await small()
    const bare = new FailingStore()
    const fresh = await memoryDb(bare)
    const begun = await bare.failing(0, () => fresh.startMultipartInsert(1n))
    expect([begun.result, fresh.multipartVersion]).toMatchObject([FAILED, undefined])
    for (let at = 0; ; at++) {
      const store = new FailingStore()
      const db = await openInsert(store)
      const restorer = newRestorer({ db })
      unwrap(await restorer.startRestore(metadata))
      await feed(restorer, chunks, [0, 1])
      const { result, failed } = await store.failing(at, () => db.abortMultipartInsert())
      if (!failed) {
        expect(result).toEqual({ ok: true, value: undefined })
        expect(at).toBeGreaterThan(5)
        break
      }
      expect(result, `call ${at}`).toMatchObject(FAILED)
      expect(db.multipartVersion).toBe(1n)
      const reopened = await memoryDb(store)
      expect(reopened.multipartVersion).toBe(1n)
      // After the first write no restore goes on with what is going.
      const progress = unwrap(await reopened.restoreProgress(metadata.root))
      expect(progress === undefined, `call ${at}`).toBe(at > 1)
      unwrap(await reopened.abortMultipartInsert())
      expect([store.nodeCount, reopened.multipartVersion]).toEqual([0, undefined])
      expect(unwrap(await store.recordNames('journal/'))).toEqual([])
      expect((await memoryDb(store)).multipartVersion).toBeUndefined()
    }
  })
})

describe('a multipart insert', () => {
  const progress = { checkpoint: EMPTY_HASH, restored: new Uint8Array(1) }

  test('is of one version at a time, above all final ones, and not of the first', async () => {
    const db = await memoryDb()
    const first = { namespace, version: 3n, type: 1, hash: EMPTY_HASH }
    expect(await db.startMultipartInsert(0n)).toMatchObject(refusal('invalid-multipart-version'))
    unwrap(await db.finalize([first]))
    for (const version of [2n, 3n]) {
      expect(await db.startMultipartInsert(version)).toMatchObject(refusal('already-finalized'))
    }
    unwrap(await db.startMultipartInsert(5n))
    unwrap(await db.startMultipartInsert(5n))
    expect(await db.startMultipartInsert(6n)).toMatchObject(refusal('multipart-in-progress'))
    const root = { ...first, version: 6n }
    expect(await db.importChunk(root, [], progress)).toMatchObject(
      refusal('invalid-multipart-version'),
    )
    expect(await db.completeRestore(root)).toMatchObject(refusal('invalid-multipart-version'))
    unwrap(await db.abortMultipartInsert())
    unwrap(await db.abortMultipartInsert())
    expect(db.multipartVersion).toBeUndefined()
  })

  test('that is aborted takes its nodes and roots along, and none that were there before', async () => {
    const store = new RememberingStore()
    const db = await memoryDb(store)
    const part = treeOf({ gen: 'template', count: 6, key: 'key {i}', value: 'value {i}' })
    const { root } = unwrap(await commitTree(part, db, { version: 0n }))
    unwrap(await db.finalize([root]))
    const before = store.nodeCount
    const { metadata, chunks } = await small()
    unwrap(await db.startMultipartInsert(1n))
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(metadata))
    expect(await feed(restorer, chunks, chunks.keys())).toEqual({ ok: true, value: true })
    expect(db.hasRoot(metadata.root)).toBe(true)
    expect((await memoryDb(store)).hasRoot(metadata.root)).toBe(true)
    // Another root of the same version, of nodes that are all there: none of them is its own.
    const other = { ...metadata.root, type: 2 }
    unwrap(await db.importChunk(other, store.nodes, progress))
    unwrap(await db.abortMultipartInsert())
    expect([store.nodeCount, db.hasRoot(metadata.root)]).toEqual([before, false])
    expect((await memoryDb(store)).hasRoot(metadata.root)).toBe(false)
    expect(unwrap(await loadTree(db, root)).rootHash()).toEqual(part.rootHash())
  })

  test('keeps a journal for each part, in order, however many, until it ends', async () => {
    const { metadata, chunks } = await small()
    const store = new MemoryNodeStore()
    const journals = async () => unwrap(await store.recordNames('journal/'))
    const db = await openInsert(store)
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(metadata))
    await feed(restorer, chunks, [0, 1])
    expect(await journals()).toEqual(['journal/0000000000', 'journal/0000000001'])
    // Another process goes on, and counts on.
    const again = await openInsert(store)
    const resumed = newRestorer({ db: again })
    unwrap(await resumed.startRestore(metadata))
    const rest = [...chunks.keys()].slice(2)
    expect(await feed(resumed, chunks, rest)).toEqual({ ok: true, value: true })
    expect(await journals()).toHaveLength(chunks.length)
    expect(unwrap(await store.recordNames('restore/'))).toHaveLength(1)
    unwrap(await again.finalize([metadata.root]))
    expect((await memoryDb(store)).hasRoot(metadata.root)).toBe(true)
    expect(await journals()).toEqual([])
    expect(unwrap(await store.recordNames('restore/'))).toEqual([])
  })

  /** So many nodes that are none of any tree. */
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => {
      const bytes = new Uint8Array([i >> 8, i & 255])
      return [hash(bytes), bytes] as const
    })

  test('writes a large part piece by piece, and the note with the last', async () => {
    const count = NODES_PER_WRITE + 10
    for (const failing of [undefined, 1]) {
      const store = new FailingStore()
      const db = await openInsert(store)
      const root = { namespace, version: 1n, type: 1, hash: EMPTY_HASH }
      const importing = () => db.importChunk(root, many(count), progress)
      const { result } = await store.failing(failing ?? Infinity, importing)
      const noted = unwrap(await db.restoreProgress(root))
      if (failing === undefined) {
        expect([result.ok, store.nodeCount, noted]).toEqual([true, count, progress])
      } else {
        expect(result).toMatchObject(FAILED)
        expect(store.nodeCount).toBeLessThan(count)
        expect(noted).toBeUndefined()
      }
      unwrap(await db.abortMultipartInsert())
      expect(store.nodeCount).toBe(0)
    }
  })

  test('asks what is there already only where other versions are, so many at once', async () => {
    const store = new FailingStore()
    const db = await memoryDb(store)
    const root = { namespace, version: 1n, type: 1, hash: EMPTY_HASH }
    let asked: string[] = []
    store.before = (name) => void asked.push(name)
    const bring = async (count: number): Promise<string> => {
      asked = []
      unwrap(await db.importChunk(root, many(count), progress))
      return asked.join()
    }
    unwrap(await db.startMultipartInsert(1n))
    expect(await bring(300)).toBe('write')
    unwrap(await db.abortMultipartInsert())
    asked = []
    unwrap(await db.abortMultipartInsert())
    expect(asked).toEqual([])
    const { root: old } = unwrap(await commitTree(SMALL, db, { version: 0n }))
    unwrap(await db.finalize([old]))
    unwrap(await db.startMultipartInsert(1n))
    expect(await bring(HASHES_PER_READ)).toBe('getMany,write')
    const before = unwrap(await store.recordNames('journal/')).length
    expect(await bring(2 * HASHES_PER_READ + 10)).toBe('getMany,getMany,getMany,write')
    const [name = ''] = unwrap(await store.recordNames('journal/')).slice(before)
    // Those of before were there.
    expect(unwrap(await store.record(name))).toHaveLength((HASHES_PER_READ + 10) * 32)
    const failed = await store.failing(0, () => db.importChunk(root, many(9), progress))
    expect(failed.result).toMatchObject(FAILED)
  })

  test('makes no root of a tree that has a hole, and names the node', async () => {
    const { metadata, chunks } = await small()
    const db = await openInsert()
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(metadata))
    await feed(restorer, chunks, [0])
    expect(await db.completeRestore(metadata.root)).toMatchObject({
      error: { code: 'NODE_NOT_FOUND' },
    })
    expect(db.hasRoot(metadata.root)).toBe(false)
    unwrap(await restorer.abortRestore())
    unwrap(await db.abortMultipartInsert())
    expect(await db.importChunk(metadata.root, [], progress)).toMatchObject(
      refusal('multipart-in-progress'),
    )
    expect(await db.completeRestore(metadata.root)).toMatchObject(refusal('multipart-in-progress'))
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { describe, expect, test } from 'vitest'
import {
  commitTree,
  EMPTY_HASH,
  getChunkMetadata,
  loadTree,
  MemoryNodeStore,
  newCreator,
  newRestorer,
  restoreCheckpoint,
  Tree,
  type Metadata,
  type NodeDb,
  type NodeStore,
  type Root,
} from '../src/index.ts'
import { hash } from '#hash'
import { concatBytes, toHex } from '../src/bytes/bytes.ts'
import { LevelNodeStore } from '../src/level/index.ts'
import { maskedCrc32c } from '../src/snappy/crc32c.ts'
import { frameWriter } from '../src/snappy/frame-writer.ts'
import { STREAM_IDENTIFIER } from '../src/snappy/framing.ts'
import { checkpointOf, memoryDb, namespace, randomEntries, randomOf } from './support/harness.ts'
import { base64, hex, treeOf, vectors } from './support/vectors.ts'

interface Adversarial {
  readonly name: string
  readonly chunk: string
  readonly digest: string
  readonly root: string
  readonly nodesStored: number
  readonly oasisResult: string
  readonly oasisDone: boolean
  readonly oasisRestoreStillOpen: boolean
  readonly recommended: string
}

const { cases } = vectors<{ cases: readonly Adversarial[] }>('restore-adversarial.json')

const CODES: Readonly<Record<string, string>> = {
  ok: 'ok',
  ErrChunkCorrupted: 'CHUNK_CORRUPTED',
  ErrChunkProofVerificationFailed: 'CHUNK_PROOF_VERIFICATION_FAILED',
}

describe('hostile chunks', () => {
  for (const strict of [true, false]) {
    test.each(cases.map((c) => [c.name, c] as const))(
      `${strict ? 'strict' : 'lenient'}: %s`,
      async (_, c) => {
        const db = await memoryDb()
        unwrap(await db.startMultipartInsert(1n))
        const restorer = newRestorer({ db, strict })
        const root = { namespace, version: 1n, type: 1, hash: hex(c.root) }
        unwrap(await restorer.startRestore({ version: 1, root, chunks: [hex(c.digest)] }))
        const result = await restorer.restoreChunk(0, base64(c.chunk))
        const isHole = c.name.startsWith('hash-only chunk')
        const expected = isHole
          ? 'CHUNK_PROOF_VERIFICATION_FAILED'
          : CODES[strict ? (c.recommended.split(' ')[0] ?? '') : c.oasisResult]
        expect(result.ok ? 'ok' : result.error.code).toBe(expected)
        expect(restorer.getCurrentCheckpoint() !== undefined).toBe(expected === 'CHUNK_CORRUPTED')
        if (result.ok) {
          expect(result.value).toBe(true)
          const tree = unwrap(await loadTree(db, root))
          expect(toHex(tree.rootHash())).toBe(c.root)
        }
      },
    )
  }
})

describe('chunks that cost more than they bring', () => {
  /** A Snappy stream of these blocks, each with its type and checksum. */
  function streamOf(type: number, body: Uint8Array, count: number): Uint8Array {
    const head = [type, body.length & 0xff, body.length >>> 8, 0]
    const block = Uint8Array.from([...head, ...body])
    const stream = new Uint8Array(STREAM_IDENTIFIER.length + count * block.length)
    stream.set(STREAM_IDENTIFIER)
    for (let i = 0; i < count; i++) stream.set(block, STREAM_IDENTIFIER.length + i * block.length)
    return stream
  }

  /** One block of 65536 zeros: a literal and copies of it. */
  const raw = new Uint8Array(65_536)
  const crc = maskedCrc32c(raw)
  const crcBytes = [0, 8, 16, 24].map((shift) => (crc >>> shift) & 0xff)
  const copies = Array.from({ length: 1023 }, () => [0xfe, 1, 0]).flat()
  const tail = [(63 - 1) * 4 + 2, 1, 0]
  const zeros = Uint8Array.from([...crcBytes, 0x80, 0x80, 0x04, 0x00, 0x00, ...copies, ...tail])
  const nested = new Uint8Array(2_000_000).map((_, i) => [0x46, 1, 1, 1, 0, 0, 2][i % 7] ?? 0)

  test.each([
    ['a bomb', streamOf(0x00, zeros, 3000), 'too long when decompressed'],
    [
      'a smaller bomb of nothing but zeros',
      streamOf(0x00, zeros, 1000),
      'an entry of another kind',
    ],
    ['millions of blocks that hold nothing', emptyBlocks(4_000_000), 'empty proof'],
    [
      'millions of blocks that are skipped',
      streamOf(0x80, new Uint8Array(0), 8_000_000),
      'empty proof',
    ],
    ['nodes within nodes without an end', framed(nested), 'max proof depth exceeded'],
  ])('%s ends soon, as a typed error, in bounded memory', async (_, chunk, expected) => {
    const db = await memoryDb()
    unwrap(await db.startMultipartInsert(1n))
    const restorer = newRestorer({ db })
    const root = { namespace, version: 1n, type: 1, hash: hash(raw) }
    unwrap(await restorer.startRestore({ version: 1, root, chunks: [hash(chunk)] }))
    const before = process.memoryUsage()
    const start = performance.now()
    const result = await restorer.restoreChunk(0, chunk)
    const ms = performance.now() - start
    const after = process.memoryUsage()
    expect(result.ok ? 'ok' : result.error.message).toMatch(expected)
    expect(ms).toBeLessThan(20_000)
    const used = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
    expect(used).toBeLessThan(256 * 2 ** 20)
  })

  function framed(bytes: Uint8Array): Uint8Array {
    const pieces: Uint8Array[] = []
    const writer = frameWriter((piece) => void pieces.push(piece.slice()))
    writer.write(bytes)
    writer.close()
    return concatBytes(pieces)
  }

  function emptyBlocks(count: number): Uint8Array {
    const none = maskedCrc32c(new Uint8Array(0))
    return streamOf(
      0x01,
      Uint8Array.from([0, 8, 16, 24], (shift) => (none >>> shift) & 0xff),
      count,
    )
  }
})

describe('restoring', () => {
  test('gives the same tree, for random trees, sizes, threads, orders and node stores', async () => {
    const home = mkdtempSync(join(tmpdir(), 'tidemark-mkvs-restore-'))
    let opened = 0
    const storeOf = (run: number): NodeStore => {
      if (run % 3 === 0) return new MemoryNodeStore()
      if (run % 3 === 1) return new LevelNodeStore(new MemoryLevel(), { durable: 'none' })
      return new LevelNodeStore(new ClassicLevel(join(home, `${opened++}`)), { sync: false })
    }
    const seed = Number(process.env['TIDEMARK_SEED'] ?? 1)
    const runs = Number(process.env['TIDEMARK_RUNS'] ?? 300)
    for (let run = 0; run < runs; run++) {
      const random = randomOf(seed * 1_000_003 + run)
      const tree = new Tree()
      const entries = randomEntries(random)
      for (const [key, value] of entries) unwrap(tree.insert(key, value))
      for (const [key] of entries) if (random() < 0.2) unwrap(tree.remove(key))
      const chunkSize = Math.floor(random() ** 3 * 4000)
      const threads = Math.floor(random() * 6)
      const source = await memoryDb(storeOf(run))
      const { root } = unwrap(await commitTree(tree, source, { version: 1n }))
      const creator = newCreator({ store: new MemoryBlobStore(), db: source })
      const metadata = unwrap(await creator.createCheckpoint(root, chunkSize, threads))
      const db = await memoryDb(storeOf(run))
      unwrap(await db.startMultipartInsert(1n))
      const restorer = newRestorer({ db })
      const { pending } = unwrap(await restorer.startRestore(metadata))
      const order = [...pending].sort(() => random() - 0.5)
      const done: boolean[] = []
      for (const index of order) {
        const chunk = unwrap(getChunkMetadata(metadata, index))
        const body = unwrap(await creator.getCheckpointChunk(chunk))
        done.push(unwrap(await restorer.restoreChunk(index, body.stream())))
      }
      expect(done, `seed ${seed} run ${run}`).toEqual(order.map((_, i) => i === order.length - 1))
      unwrap(await db.finalize([metadata.root]))
      const restored = unwrap(await loadTree(db, metadata.root))
      expect(toHex(restored.rootHash()), `seed ${seed} run ${run}`).toBe(toHex(tree.rootHash()))
      await Promise.all([source.close(), db.close()])
    }
    rmSync(home, { recursive: true })
  })

  test('is never done while a chunk is missing, whatever the metadata leaves out', async () => {
    const tree = treeOf({ gen: 'template', count: 60, key: 'key {i}', value: 'value {i}' })
    for (const threads of [0, 3]) {
      const { creator, metadata } = await checkpointOf(tree, 300, threads)
      for (const missing of metadata.chunks.keys()) {
        const short = { ...metadata, chunks: metadata.chunks.filter((_, i) => i !== missing) }
        const db = await memoryDb()
        unwrap(await db.startMultipartInsert(1n))
        const restorer = newRestorer({ db })
        unwrap(await restorer.startRestore(short))
        let last: string | boolean = false
        for (const [i, digest] of short.chunks.entries()) {
          const index = BigInt(i < missing ? i : i + 1)
          const body = unwrap(await creator.getCheckpointChunk({ ...metadata, index, digest }))
          const result = await restorer.restoreChunk(i, unwrap(await body.bytes()))
          last = result.ok ? result.value : result.error.code
        }
        expect(last).toBe('CHUNK_PROOF_VERIFICATION_FAILED')
        const finalized = await db.finalize([metadata.root])
        expect(finalized.ok ? 'ok' : finalized.error.code).toBe('NODE_DB_REFUSED')
      }
    }
  })

  test('names each of the seven errors with its number in the original', async () => {
    const tree = treeOf({ gen: 'template', count: 30, key: 'key {i}', value: 'value {i}' })
    const { creator, metadata, blobs } = await checkpointOf(tree, 200)
    const db = await memoryDb()
    const restorer = newRestorer({ db })
    const seen: unknown[] = []
    const note = (result: { ok: boolean; error?: { details: unknown } }): void => {
      const details = result.ok ? undefined : result.error?.details
      seen.push(
        typeof details === 'object' && details !== null ? Reflect.get(details, 'upstream') : 0,
      )
    }
    note(await creator.getCheckpoint(1, { ...metadata.root, version: 9n }))
    note(getChunkMetadata(metadata, 999))
    unwrap(await db.startMultipartInsert(1n))
    unwrap(await restorer.startRestore(metadata))
    note(await restorer.startRestore(metadata))
    note(await newRestorer({ db }).restoreChunk(0, new Uint8Array(0)))
    const read = async (i: number): Promise<Uint8Array> =>
      unwrap(
        await unwrap(
          await creator.getCheckpointChunk(unwrap(getChunkMetadata(metadata, i))),
        ).bytes(),
      )
    unwrap(await restorer.restoreChunk(0, await read(0)))
    note(await restorer.restoreChunk(0, await read(0)))
    note(await restorer.restoreChunk(1, await read(2)))
    const lie = { ...metadata, chunks: [EMPTY_HASH] }
    unwrap(await restorer.abortRestore())
    unwrap(await restorer.startRestore(lie))
    note(await restorer.restoreChunk(0, new Uint8Array(0)))
    const codes: unknown[] = seen.map((upstream): unknown => Reflect.get(Object(upstream), 'code'))
    expect(codes).toEqual([1, 2, 3, 4, 5, 7, 6])
    expect(blobs.supports.durable).toBe('none')
  })

  test('a chunk in flight when its restore ends is not booked on the next one', async () => {
    const tree = treeOf({ gen: 'template', count: 30, key: 'key {i}', value: 'value {i}' })
    const { creator, metadata } = await checkpointOf(tree, 200)
    const db = await memoryDb()
    unwrap(await db.startMultipartInsert(1n))
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(metadata))
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const body = unwrap(await creator.getCheckpointChunk(unwrap(getChunkMetadata(metadata, 0))))
    async function* slow(): AsyncIterable<Uint8Array> {
      await gate
      yield* body.stream()
    }
    const late = restorer.restoreChunk(0, slow())
    const again = await restorer.restoreChunk(0, new Uint8Array(0))
    expect(again.ok ? 'ok' : again.error.details).toMatchObject({ reason: 'in-flight' })
    unwrap(await restorer.abortRestore())
    const { pending, resumed } = unwrap(await restorer.startRestore(metadata))
    release()
    const result = await late
    expect(result.ok ? 'ok' : result.error.code).toBe('NO_RESTORE_IN_PROGRESS')
    expect([pending.length, resumed]).toEqual([metadata.chunks.length, false])
    const stillPending = await restorer.restoreChunk(0, unwrap(await body.bytes()))
    expect(stillPending.ok).toBe(true)
  })

  test('a bad chunk in flight when its restore ends does not end the next one', async () => {
    const tree = treeOf({ gen: 'template', count: 30, key: 'key {i}', value: 'value {i}' })
    const { metadata } = await checkpointOf(tree, 200)
    const db = await memoryDb()
    unwrap(await db.startMultipartInsert(1n))
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore({ ...metadata, chunks: [EMPTY_HASH] }))
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    async function* nothing(): AsyncIterable<Uint8Array> {
      await gate
      yield new Uint8Array(0)
    }
    const late = restorer.restoreChunk(0, nothing())
    unwrap(await restorer.abortRestore())
    unwrap(await restorer.startRestore(metadata))
    release()
    const result = await late
    expect(result.ok ? 'ok' : result.error.code).toBe('NO_RESTORE_IN_PROGRESS')
    expect(restorer.getCurrentCheckpoint()).toBe(metadata)
  })

  test('what ends while it is being completed does not end the next restore', async () => {
    const tree = treeOf({ gen: 'template', count: 30, key: 'key {i}', value: 'value {i}' })
    const { creator, metadata } = await checkpointOf(tree, 200)
    const real = await memoryDb()
    unwrap(await real.startMultipartInsert(1n))
    let [release, reached] = [(): void => {}, (): void => {}]
    const gate = new Promise<void>((resolve) => (release = resolve))
    const completing = new Promise<void>((resolve) => (reached = resolve))
    const db: NodeDb = new Proxy(real, {
      get: (target, name) => {
        if (name === 'completeRestore') {
          return async (root: Root) => {
            reached()
            await gate
            return target.completeRestore(root)
          }
        }
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => Reflect.apply(member, target, args)
      },
    })
    const short = { ...metadata, chunks: metadata.chunks.slice(0, 1) }
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(short))
    const body = unwrap(await creator.getCheckpointChunk(unwrap(getChunkMetadata(metadata, 0))))
    const late = restorer.restoreChunk(0, unwrap(await body.bytes()))
    await completing
    const aborting = restorer.abortRestore()
    unwrap(await restorer.startRestore(metadata))
    release()
    const result = await late
    unwrap(await aborting)
    expect(result.ok ? 'ok' : result.error.code).toBe('NO_RESTORE_IN_PROGRESS')
    expect(restorer.getCurrentCheckpoint()).toBe(metadata)
  })

  test('a source that fails or never ends is not a bad chunk', async () => {
    const { metadata } = await checkpointOf(treeOf({ gen: 'decimal', count: 50 }), 200)
    const db = await memoryDb()
    unwrap(await db.startMultipartInsert(1n))
    const restorer = newRestorer({ db, maxChunkBytes: 10_000 })
    unwrap(await restorer.startRestore(metadata))
    async function* failing(): AsyncIterable<Uint8Array> {
      yield new Uint8Array(3)
      throw new Error('connection reset')
    }
    async function* endless(): AsyncIterable<Uint8Array> {
      for (;;) yield new Uint8Array(1000)
    }
    const failed = await restorer.restoreChunk(0, failing())
    const tooLong = await restorer.restoreChunk(0, endless())
    expect([failed.ok || failed.error.code, tooLong.ok || tooLong.error.code]).toEqual([
      'IO_FAILED',
      'LIMIT_EXCEEDED',
    ])
    expect(restorer.getCurrentCheckpoint()).toBe(metadata)
  })

  test('goes on after every possible interruption and ends with the same root', async () => {
    const tree = treeOf({ gen: 'template', count: 40, key: 'key {i}', value: 'value {i}' })
    const { creator, metadata } = await checkpointOf(tree, 300)
    const { length } = metadata.chunks
    // The last cut is after the last chunk, before the insert is finalized: that chunk comes again.
    for (let cut = 0; cut <= length; cut++) {
      const store = new MemoryNodeStore()
      const first = await memoryDb(store)
      unwrap(await first.startMultipartInsert(1n))
      const restorer = newRestorer({ db: first })
      unwrap(await restorer.startRestore(metadata))
      await feed(restorer, creator, metadata, [...metadata.chunks.keys()].slice(0, cut))
      const second = await memoryDb(store)
      expect(second.multipartVersion).toBe(1n)
      const resumed = newRestorer({ db: second })
      const start = unwrap(await resumed.startRestore(metadata))
      expect([start.pending.length, start.resumed]).toEqual([Math.max(length - cut, 1), cut > 0])
      expect(await feed(resumed, creator, metadata, start.pending)).toBe(true)
      unwrap(await second.finalize([metadata.root]))
      const restored = unwrap(await loadTree(second, metadata.root))
      expect(toHex(restored.rootHash())).toBe(toHex(tree.rootHash()))
    }
  })

  test('an aborted restore leaves nothing behind but what was there before', async () => {
    const store = new MemoryNodeStore()
    const db = await memoryDb(store)
    const tree = treeOf({ gen: 'template', count: 40, key: 'key {i}', value: 'value {i}' })
    const { creator, metadata } = await checkpointOf(tree, 300)
    const old = treeOf({ gen: 'template', count: 20, key: 'key {i}', value: 'value {i}' })
    const { root } = unwrap(await commitTree(old, db, { version: 0n }))
    unwrap(await db.finalize([root]))
    const before = store.nodeCount
    unwrap(await db.startMultipartInsert(1n))
    const restorer = newRestorer({ db })
    unwrap(await restorer.startRestore(metadata))
    await feed(restorer, creator, metadata, [0, 1, 2])
    expect(store.nodeCount).toBeGreaterThan(before)
    unwrap(await restorer.abortRestore())
    unwrap(await db.abortMultipartInsert())
    expect(store.nodeCount).toBe(before)
    expect(unwrap(await loadTree(db, root)).rootHash()).toEqual(old.rootHash())
  })

  test('restoreCheckpoint does the whole of it', async () => {
    const tree = treeOf({ gen: 'prefixes', text: 'a'.repeat(129), value: 'v' })
    const { creator, metadata } = await checkpointOf(tree, 300)
    const db = await memoryDb()
    unwrap(await restoreCheckpoint(metadata, { db, provider: creator }))
    expect(unwrap(await loadTree(db, metadata.root)).rootHash()).toEqual(tree.rootHash())
  })

  test('a tree too deep to be restored is not made into a checkpoint', async () => {
    const tree = treeOf({ gen: 'prefixes', text: 'a'.repeat(130), value: 'v' })
    await expect(checkpointOf(tree, 300)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })
})

async function feed(
  restorer: ReturnType<typeof newRestorer>,
  creator: Awaited<ReturnType<typeof checkpointOf>>['creator'],
  metadata: Metadata,
  indices: readonly number[],
): Promise<boolean> {
  let done = false
  for (const index of indices) {
    const chunk = unwrap(getChunkMetadata(metadata, index))
    const body = unwrap(await creator.getCheckpointChunk(chunk))
    done = unwrap(await restorer.restoreChunk(index, unwrap(await body.bytes())))
  }
  return done
}

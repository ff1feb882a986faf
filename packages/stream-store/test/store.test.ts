import { coreError, err, MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import {
  createManifest,
  openStreamStore,
  type StoreEvent,
  type StreamStoreOptions,
} from '../src/index.ts'
import { compareBytes as compare, faultyMedium, keysOf, present } from './support/media.ts'

const MIB = 1024 * 1024

async function open(medium: BlobStore, options: Partial<StreamStoreOptions> = {}) {
  return unwrap(await openStreamStore({ store: medium, keep: Infinity, ...options }))
}

const manifest = (id: number, rest = {}) => createManifest({ checkpointId: id, epoch: id, ...rest })

/** Comparing megabytes element by element takes seconds. */
function equal(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && compare(a, b) === 0
}

function pattern(length: number, seed = 1): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i * 31 + seed * 7 + (i >> 8)) & 0xff)
}

describe('state in slots', () => {
  it('comes back as it was put: small, large, empty, keyed, cut in any way', async () => {
    const store = await open(new MemoryBlobStore())
    const writer = unwrap(store.begin({ sourceOffsets: { s: { offsets: { p: '1' } } } }))
    const large = pattern(3 * MIB + 5)
    const chunks = [large.subarray(0, 7), large.subarray(7, 2 * MIB), large.subarray(2 * MIB)]
    unwrap(await writer.put('small', pattern(10)))
    unwrap(await writer.put('empty', []))
    unwrap(await writer.put({ operator: 'window', vnode: 3 }, chunks))
    unwrap(await writer.put({ operator: 'window', vnode: 4 }, pattern(100_000, 4)))
    const { checkpointId } = unwrap(await writer.commit())
    const state = present(unwrap(await store.openState(checkpointId)))
    expect(state.slots()).toEqual([
      { operator: 'small', sizeBytes: 10 },
      { operator: 'empty', sizeBytes: 0 },
      { operator: 'window', vnode: 3, sizeBytes: large.length },
      { operator: 'window', vnode: 4, sizeBytes: 100_000 },
    ])
    expect(state.slots({ operator: 'window', vnodes: [4, 5] })).toHaveLength(1)
    expect(equal(unwrap(await state.bytes('small')), pattern(10))).toBe(true)
    expect(unwrap(await state.bytes('empty'))).toEqual(new Uint8Array())
    expect(equal(unwrap(await state.bytes({ operator: 'window', vnode: 3 })), large)).toBe(true)
    expect(
      equal(unwrap(await state.bytes({ operator: 'window', vnode: 4 })), pattern(1e5, 4)),
    ).toBe(true)
    expect(await state.bytes('window')).toMatchObject({ error: { code: 'KEY_NOT_FOUND' } })
    await state.close()
    await store.close()
  })

  it('share one blob, and a slot is read without the others', async () => {
    const read: [string, number, number][] = []
    const inner = new MemoryBlobStore()
    const medium: BlobStore = {
      ...faultyMedium(inner),
      get: (key, options) => {
        if (options?.range !== undefined && key.startsWith('blob/')) {
          read.push([key, options.range.start, options.range.end ?? -1])
        }
        return inner.get(key, options)
      },
    }
    const store = await open(medium)
    const writer = unwrap(store.begin())
    for (let vnode = 0; vnode < 4; vnode++) {
      unwrap(await writer.put({ operator: 'op', vnode }, pattern(200_000, vnode)))
    }
    unwrap(await writer.commit())
    expect(await keysOf(inner, 'blob/')).toHaveLength(1)
    read.length = 0
    const state = present(unwrap(await store.openState(1n)))
    expect(
      equal(unwrap(await state.bytes({ operator: 'op', vnode: 2 })), pattern(200_000, 2)),
    ).toBe(true)
    expect(read.map(([, start, end]) => [start, end])).toEqual([[400_000, 600_000]])
    await state.close()
    await store.close()
  })

  it('is asked for only as fast as the medium takes it', async () => {
    let taken = 0
    let given = 0
    let ahead = 0
    const inner = new MemoryBlobStore()
    const medium: BlobStore = {
      ...faultyMedium(inner),
      put: async (key, body, options) => {
        if (body instanceof Uint8Array) return inner.put(key, body, options)
        for await (const piece of body) {
          await new Promise((resolve) => setTimeout(resolve, 2))
          taken += piece.length
          ahead = Math.max(ahead, given - taken)
        }
        return inner.put(key, new Uint8Array(), options)
      },
    }
    const store = await open(medium)
    const writer = unwrap(store.begin())
    const source = async function* () {
      for (let i = 0; i < 20; i++) {
        given += MIB
        yield new Uint8Array(MIB)
      }
    }
    unwrap(await writer.put('large', source()))
    unwrap(await writer.commit())
    expect(taken).toBe(20 * MIB)
    expect(ahead).toBeLessThanOrEqual(2 * MIB)
    await store.close()
  })

  it('that failed is remembered until it is put again', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    const writer = unwrap(store.begin())
    const broken = async function* () {
      yield pattern(200_000)
      throw new Error('the operator crashed')
    }
    unwrap(await writer.put('a', pattern(100_000)))
    const failed = await writer.put('b', broken())
    expect(failed).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT' } })
    expect(await writer.commit()).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } })
    expect(unwrap(await store.listIds())).toEqual([])
    unwrap(await writer.put('b', pattern(300_000, 2)))
    unwrap(await writer.commit())
    const state = present(unwrap(await store.openState(1n)))
    expect(equal(unwrap(await state.bytes('a')), pattern(100_000))).toBe(true)
    expect(equal(unwrap(await state.bytes('b')), pattern(300_000, 2))).toBe(true)
    expect(await writer.commit()).toMatchObject({ error: { code: 'CLOSED' } })
    await state.close()
    await store.close()
  })

  it('whose blob fails at its very end is in no checkpoint', async () => {
    const inner = new MemoryBlobStore()
    let isFull = true
    const medium: BlobStore = {
      ...faultyMedium(inner),
      put: async (key, body, options) => {
        if (!key.startsWith('blob/') || body instanceof Uint8Array) {
          return inner.put(key, body, options)
        }
        for await (const piece of body) void piece
        await new Promise((resolve) => setTimeout(resolve, 10))
        if (!isFull) return inner.put(key, pattern(100_000), options)
        return err(coreError('NO_SPACE', 'full', { operation: 'put', key }))
      },
    }
    const store = await open(medium)
    const writer = unwrap(store.begin())
    unwrap(await writer.put('a', pattern(100_000)))
    expect(await writer.commit()).toMatchObject({ error: { code: 'NO_SPACE' } })
    expect(await store.saveWithState(manifest(7), [pattern(100_000)])).toMatchObject({
      error: { code: 'NO_SPACE' },
    })
    expect(unwrap(await store.listIds())).toEqual([])
    isFull = false
    unwrap(await store.saveWithState(manifest(7), [pattern(100_000)]))
    expect(unwrap(await store.recoverLatestValidated()).chosenId).toBe(7n)
    await store.close()
  })

  it('given up leaves nothing, and its id is not used again', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    const writer = unwrap(store.begin())
    unwrap(await writer.put('a', pattern(2 * MIB)))
    await writer.abort()
    expect(await keysOf(medium, 'blob/')).toEqual([])
    expect(unwrap(await unwrap(store.begin()).commit())).toMatchObject({
      checkpointId: 2n,
      epoch: 2n,
    })
    await store.close()
  })

  it('with one bit flipped is never handed out, not even its first bytes', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    const writer = unwrap(store.begin())
    unwrap(await writer.put('a', pattern(2 * MIB)))
    unwrap(await writer.commit())
    const [key = ''] = await keysOf(medium, 'blob/')
    const bytes = unwrap(await present(unwrap(await medium.get(key))).bytes())
    bytes[MIB + 5] = (bytes[MIB + 5] ?? 0) ^ 1
    unwrap(await medium.put(key, bytes))
    const state = present(unwrap(await store.openState(1n)))
    let delivered = 0
    await expect(async () => {
      for await (const piece of state.stream('a')) delivered += piece.length
    }).rejects.toMatchObject({ code: 'CORRUPTED' })
    expect(delivered).toBe(MIB)
    expect(unwrap(await store.validateCheckpoint(1n)).valid).toBe(false)
    expect(unwrap(await store.validateCheckpoint(1n, { depth: 'shallow' })).valid).toBe(true)
    await state.close()
    await store.close()
  })
})

describe('a store opened for reading', () => {
  it('creates nothing, and refuses to write', async () => {
    const medium = new MemoryBlobStore()
    const reader = await open(medium, { mode: 'read' })
    expect(unwrap(await reader.loadLatest())).toBeUndefined()
    expect(unwrap(await reader.recoverLatestValidated()).freshStart).toBe('empty')
    expect(await reader.save(manifest(1))).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    expect(reader.begin()).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    expect(await keysOf(medium)).toEqual([])
    await reader.close()
    expect(await reader.loadLatest()).toMatchObject({ error: { code: 'CLOSED' } })
  })

  it('sees every commit, and displaces nobody', async () => {
    const medium = new MemoryBlobStore()
    const writer = await open(medium)
    const reader = await open(medium, { mode: 'read' })
    for (const id of [1, 2, 3]) {
      unwrap(await writer.saveWithState(manifest(id), [pattern(100_000, id)]))
      expect(unwrap(await reader.loadLatest())?.checkpointId).toBe(BigInt(id))
      expect(equal(unwrap(await reader.loadStateData(BigInt(id))), pattern(100_000, id))).toBe(true)
    }
    unwrap(await writer.prune(1))
    expect(unwrap(await reader.listIds())).toEqual([3n])
    await Promise.all([reader.close(), writer.close()])
  })
})

describe('what was given up', () => {
  it('is deleted after its grace, and nothing is left', async () => {
    const medium = new MemoryBlobStore()
    let now = 0
    const store = await open(medium, { keep: 1, graceMs: 1000, nowMs: () => now })
    for (const id of [1, 2, 3]) {
      unwrap(await store.saveWithState(manifest(id), [pattern(100_000, id)]))
    }
    expect(unwrap(await store.listIds())).toEqual([3n])
    expect(await keysOf(medium, 'blob/')).toHaveLength(3)
    expect(unwrap(await store.collect())).toEqual({ deleted: 0, waiting: 2 })
    now = 1000
    expect(unwrap(await store.collect())).toEqual({ deleted: 2, waiting: 0 })
    expect(await keysOf(medium, 'blob/')).toHaveLength(1)
    unwrap(await store.saveWithState(manifest(4), [pattern(100_000, 4)]))
    expect(unwrap(await store.inspect()).garbageBlobs).toBe(1)
    await store.close()
  })

  it('is deleted after the save that gave it up has its answer, not before', async () => {
    const medium = faultyMedium()
    const store = await open(medium, { keep: 1, graceMs: 0 })
    for (const id of [1, 2, 3]) {
      const before = medium.calls.delete
      unwrap(await store.saveWithState(manifest(id), [pattern(100_000, id)]))
      expect(medium.calls.delete).toBe(before)
      await expect.poll(() => keysOf(medium, 'blob/')).toHaveLength(1)
    }
    await store.close()
  })

  it('stays while a reader has it open', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium, { keep: 1, graceMs: 0 })
    const reader = await open(medium, { mode: 'read' })
    const writer = unwrap(store.begin())
    unwrap(await writer.put('a', pattern(2 * MIB)))
    unwrap(await writer.commit())
    const state = present(unwrap(await reader.openState(1n)))
    unwrap(await store.save(manifest(2)))
    unwrap(await store.save(manifest(3)))
    expect(unwrap(await store.collect()).waiting).toBe(1)
    expect(equal(unwrap(await state.bytes('a')), pattern(2 * MIB))).toBe(true)
    await state.close()
    expect(unwrap(await store.collect()).waiting).toBe(0)
    expect(await keysOf(medium, 'blob/')).toEqual([])
    expect(unwrap(await reader.openState(1n))).toBeUndefined()
    await Promise.all([reader.close(), store.close()])
  })

  it('by a crashed attempt is swept, but never what is being written', async () => {
    const medium = new MemoryBlobStore()
    const crashed = await open(medium)
    const lost = unwrap(crashed.begin())
    unwrap(await lost.put('a', pattern(100_000)))
    const store = await open(medium)
    const writing = unwrap(store.begin())
    unwrap(await writing.put('a', pattern(100_000, 2)))
    unwrap(await writing.put('b', pattern(100_000, 3)))
    // What the crashed process had on its way may land any time.
    unwrap(await medium.put('blob/1-aaaaaaaaaaaaaaaaaaaaaaaa-0', pattern(10)))
    unwrap(await medium.put('blob/99-aaaaaaaaaaaaaaaaaaaaaaaa-0', pattern(10)))
    unwrap(await medium.put('blob/readme', pattern(10)))
    expect(unwrap(await store.cleanupOrphans())).toBe(1)
    unwrap(await writing.commit())
    const state = present(unwrap(await store.openState(2n)) ?? unwrap(await store.openState(1n)))
    expect(equal(unwrap(await state.bytes('b')), pattern(100_000, 3))).toBe(true)
    expect(await keysOf(medium, 'blob/')).toContain('blob/readme')
    expect(await keysOf(medium, 'blob/99')).toHaveLength(1)
    await state.close()
    await store.close()
    await crashed.close()
  })
})

it('a sweep spares a blob that lies there already while its save waits for the answer', async () => {
  const inner = new MemoryBlobStore()
  let release = (): void => undefined
  const answer = new Promise<void>((resolve) => {
    release = resolve
  })
  const medium: BlobStore = {
    ...faultyMedium(inner),
    put: async (key, body, options) => {
      const put = await inner.put(key, body, options)
      if (key.startsWith('blob/')) await answer
      return put
    },
  }
  const store = await open(medium)
  const saving = store.saveWithState(manifest(1), [pattern(100_000)])
  await expect.poll(() => keysOf(inner, 'blob/')).toHaveLength(1)
  expect(unwrap(await store.cleanupOrphans())).toBe(0)
  release()
  unwrap(await saving)
  expect(equal(unwrap(await store.loadStateData(1n)), pattern(100_000))).toBe(true)
  await store.close()
})

describe('damage', () => {
  it('of the newest record costs that checkpoint alone, and is told', async () => {
    const medium = new MemoryBlobStore()
    const first = await open(medium)
    for (const id of [1, 2, 3]) unwrap(await first.save(manifest(id)))
    await first.close()
    unwrap(await medium.put('log/r4', new Uint8Array(500)))
    const reader = await open(medium, { mode: 'read' })
    const report = unwrap(await reader.recoverLatestValidated())
    expect(report).toMatchObject({ chosenId: 2n, examined: 2, freshStart: 'no' })
    expect(report.skipped).toMatchObject([{ checkpointId: undefined, seq: 4 }])
    const events: StoreEvent[] = []
    const store = await open(medium, { onEvent: (event) => events.push(event) })
    // The id that was lost with the record is not given out again.
    expect(unwrap(await unwrap(store.begin()).commit()).checkpointId).toBe(4n)
    expect(unwrap(await store.listIds())).toEqual([1n, 2n, 4n])
    await Promise.all([reader.close(), store.close()])
  })

  it('of everything is no fresh start, unless it is asked for', async () => {
    const medium = new MemoryBlobStore()
    const first = await open(medium)
    for (const id of [1, 2]) unwrap(await first.save(manifest(id)))
    await first.close()
    for (const key of await keysOf(medium, 'log/r')) {
      unwrap(await medium.put(key, new Uint8Array(200)))
    }
    const before = await keysOf(medium)
    expect(await openStreamStore({ store: medium })).toMatchObject({ error: { code: 'HEAD_LOST' } })
    expect(await keysOf(medium)).toEqual(before)
    const reader = await open(medium, { mode: 'read' })
    expect(unwrap(await reader.recoverLatestValidated())).toMatchObject({
      chosenId: undefined,
      freshStart: 'refused',
    })
    expect(await reader.loadLatest()).toMatchObject({ error: { code: 'NO_USABLE_CHECKPOINT' } })
    const anew = await open(medium, { onLostHistory: 'begin-anew' })
    const { checkpointId } = unwrap(await unwrap(anew.begin()).commit())
    expect(checkpointId).toBeGreaterThan(2n)
    await Promise.all([reader.close(), anew.close()])
  })

  it('is told from a medium that does not answer', async () => {
    let isDown = false
    const inner = new MemoryBlobStore()
    const medium = faultyMedium(inner, (call) => (isDown && call === 'get' ? 'refused' : 'ok'))
    const store = await open(medium)
    for (const id of [1, 2]) unwrap(await store.saveWithState(manifest(id), [pattern(100_000)]))
    isDown = true
    const recovered = await store.recoverLatestValidated()
    expect(recovered).toMatchObject({ error: { code: 'RECOVERY_BLOCKED', retryable: true } })
    expect(await store.loadLatest()).toMatchObject({ error: { code: 'RECOVERY_BLOCKED' } })
    isDown = false
    expect(unwrap(await store.recoverLatestValidated()).chosenId).toBe(2n)
    await store.close()
  })

  it('by a newer version is no damage: it is refused', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    unwrap(await store.save(manifest(1)))
    await store.close()
    const record = unwrap(await present(unwrap(await medium.get('log/r2'))).bytes())
    record[4] = 9
    unwrap(await medium.put('log/r2', record))
    const opened = await openStreamStore({ store: medium })
    expect(opened).toMatchObject({ error: { code: 'UNSUPPORTED_VERSION' } })
  })
})

describe('sinks', () => {
  it('report at once and none is forgotten; a commit cannot be taken back', async () => {
    const store = await open(new MemoryBlobStore())
    unwrap(await store.save(manifest(1, { sinkCommitStatuses: { a: 'pending', b: 'pending' } })))
    const both = await Promise.all([
      store.recordSinkStatus(1n, { a: 'committed' }),
      store.recordSinkStatus(1n, { b: { failed: 'no connection' } }),
    ])
    expect(both.every(({ ok }) => ok)).toBe(true)
    expect(unwrap(await store.loadById(1n))?.sinkCommitStatuses).toEqual(
      new Map<string, unknown>([
        ['a', 'committed'],
        ['b', { failed: 'no connection' }],
      ]),
    )
    const undone = await store.recordSinkStatus(1n, { a: 'pending' })
    expect(undone).toMatchObject({ error: { code: 'CONFLICT' } })
    expect(unwrap(await store.inspect()).newest[0]?.status).toBe('unsettled')
    unwrap(await store.recordSinkStatus(1n, { b: 'committed' }))
    expect(unwrap(await store.inspect()).newest[0]?.status).toBe('committed')
    await store.close()
  })

  it('an update made from an older revision is refused', async () => {
    const store = await open(new MemoryBlobStore())
    unwrap(await store.save(manifest(1)))
    const { revision } = present(unwrap(await store.inspect()).newest[0])
    unwrap(await store.recordSinkStatus(1n, { a: 'committed' }))
    const late = await store.updateManifest(manifest(1), { expectedRevision: revision })
    expect(late).toMatchObject({ error: { code: 'CONFLICT' } })
    await store.close()
  })
})

describe('many checkpoints', () => {
  it('are listed, found, pruned and recovered; recovery reads what is damaged, no more', async () => {
    const medium = faultyMedium()
    const store = await open(medium)
    const count = 1_300
    for (let id = 1; id <= count; id++) unwrap(await store.save(manifest(id)))
    await store.close()
    const reader = await open(medium, { mode: 'read' })
    expect(unwrap(await reader.listIds())).toHaveLength(count)
    expect(unwrap(await reader.loadById(7n))?.checkpointId).toBe(7n)
    expect(unwrap(await reader.loadById(5_000n))).toBeUndefined()
    const cost = async () => {
      const before = medium.calls.get
      const report = unwrap(await reader.recoverLatestValidated())
      expect(report.examined).toBe(count)
      return { ...report, gets: medium.calls.get - before }
    }
    const healthy = await cost()
    expect(healthy.chosenId).toBe(BigInt(count))
    const again = await open(medium)
    expect(unwrap(await again.prune(600)).removed).toHaveLength(count - 600)
    expect(unwrap(await again.listIds())[0]).toBe(BigInt(count - 599))
    expect(unwrap(await again.loadById(7n))).toBeUndefined()
    expect(unwrap(await again.loadById(BigInt(count - 599)))).toBeDefined()
    unwrap(await again.recordSinkStatus(BigInt(count), { a: 'pending' }))
    expect(unwrap(await again.prune(1)).removed).toHaveLength(598)
    expect(unwrap(await again.listIds())).toEqual([BigInt(count - 1), BigInt(count)])
    await again.close()
  })

  it('that were all kept, and now have a limit, are counted by it', async () => {
    const medium = new MemoryBlobStore()
    const all = await open(medium)
    for (let id = 1; id <= 700; id++) unwrap(await all.save(manifest(id)))
    await all.close()
    const store = await open(medium, { keep: 400 })
    expect(unwrap(await store.listIds())).toHaveLength(400)
    unwrap(await store.save(manifest(701)))
    expect(unwrap(await store.listIds())[0]).toBe(302n)
    expect(unwrap(await store.loadById(302n))).toBeDefined()
    await store.close()
  })

  it.each([126, 127, 128, 129])('%i of them: truncating the log spares what is kept', async (n) => {
    const medium = new MemoryBlobStore()
    const store = await open(medium, { keep: 3 })
    for (let id = 1; id <= n; id++) unwrap(await store.save(manifest(id)))
    await store.close()
    const reader = await open(medium, { mode: 'read' })
    const ids = unwrap(await reader.listIds())
    expect(ids).toEqual([n - 2, n - 1, n].map(BigInt))
    for (const id of ids) expect(unwrap(await reader.loadById(id))?.checkpointId).toBe(id)
  })

  it('with the default limit keep the log short', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium, { keep: 3 })
    for (let id = 1; id <= 400; id++) unwrap(await store.save(manifest(id)))
    await store.close()
    expect((await keysOf(medium, 'log/r')).length).toBeLessThan(150)
    const reader = await open(medium, { mode: 'read' })
    expect(unwrap(await reader.listIds())).toEqual([398n, 399n, 400n])
    expect(unwrap(await reader.recoverLatestValidated()).chosenId).toBe(400n)
  })
})

it('a steady checkpoint is at most two writes, and lists nothing', async () => {
  const medium = faultyMedium()
  const store = await open(medium, { keep: 3 })
  for (let id = 1; id <= 5; id++) unwrap(await store.save(manifest(id)))
  const before = { ...medium.calls }
  for (let id = 6; id <= 15; id++) {
    unwrap(await store.saveWithState(manifest(id), [pattern(100_000, id)]))
  }
  expect(medium.calls.put - before.put).toBe(20)
  expect(medium.calls.list - before.list).toBe(0)
  const small = { ...medium.calls }
  for (let id = 16; id <= 25; id++) {
    unwrap(await store.saveWithState(manifest(id), [pattern(10_000, id)]))
  }
  expect(medium.calls.put - small.put).toBe(10)
  await store.close()
})

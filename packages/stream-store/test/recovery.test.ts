import {
  coreError,
  err,
  MemoryBlobStore,
  systemClock,
  unwrap,
  type BlobStore,
} from '@tidemark/core'
import { SimulatedDisk } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { openLaminarStore, openStreamStore as openStreamStoreIn } from '../src/file/index.ts'
import { checkpointStore, createManifest, encodeManifest, openStreamStore } from '../src/index.ts'
import { recoverLatest } from '../src/store/recover.ts'
import { faultyMedium, keysOf, present } from './support/media.ts'
import { requiredStore } from './support/required-store.ts'

const manifest = (id: number, rest = {}) => createManifest({ checkpointId: id, epoch: id, ...rest })
const state = (id: number) => [new Uint8Array(100_000).fill(id)]

/** A clock that does not wait, and remembers for how long it should have. */
function impatient(then: () => void = () => undefined) {
  const pauses: number[] = []
  const clock = {
    ...systemClock,
    sleep: async (ms: number) => {
      pauses.push(ms)
      then()
    },
  }
  return { pauses, clock }
}

/** The pauses between five tries. */
const ALL_PAUSES = [100, 200, 400, 800]

async function open(medium: BlobStore, clock = systemClock) {
  return unwrap(await openStreamStore({ store: medium, keep: Infinity, clock }))
}

describe('a medium that does not answer', () => {
  it('for a while is waited for, and costs no checkpoint', async () => {
    let failures = 0
    const medium = faultyMedium(new MemoryBlobStore(), (call) =>
      call === 'get' && failures-- > 0 ? 'refused' : 'ok',
    )
    const { pauses, clock } = impatient()
    const store = await open(medium, clock)
    for (const id of [1, 2]) unwrap(await store.saveWithState(manifest(id), state(id)))
    for (const count of [1, 2, 3, 4]) {
      failures = count
      const report = unwrap(await store.recoverLatestValidated())
      expect([report.chosenId, report.skipped, report.visited]).toEqual([2n, [], 1])
      failures = count
      expect(unwrap(await store.loadLatest())?.checkpointId).toBe(2n)
    }
    expect(pauses).toEqual([1, 1, 2, 2, 3, 3, 4, 4].flatMap((n) => ALL_PAUSES.slice(0, n)))
    await store.close()
  })

  it('at all blocks recovery after five tries, and is never a step back', async () => {
    let isDown = false
    const medium = faultyMedium(new MemoryBlobStore(), (call) =>
      isDown && call === 'get' ? 'refused' : 'ok',
    )
    const { pauses, clock } = impatient()
    const store = await open(medium, clock)
    for (const id of [1, 2]) unwrap(await store.saveWithState(manifest(id), state(id)))
    const reader = unwrap(await openStreamStore({ store: medium, mode: 'read', clock }))
    isDown = true
    for (const each of [store, reader]) {
      pauses.length = 0
      const recovered = await each.recoverLatestValidated()
      expect(recovered).toMatchObject({ error: { code: 'RECOVERY_BLOCKED', retryable: true } })
      expect(await each.loadLatest({ allowFreshStart: true })).toMatchObject({
        error: { code: 'RECOVERY_BLOCKED' },
      })
      expect(pauses).toEqual([...ALL_PAUSES, ...ALL_PAUSES])
    }
    await Promise.all([reader.close(), store.close()])
  })

  it('is not waited for by a caller who gave up', async () => {
    let isDown = false
    const medium = faultyMedium(new MemoryBlobStore(), (call) =>
      isDown && call === 'get' ? 'refused' : 'ok',
    )
    const store = await open(medium)
    unwrap(await store.save(manifest(1)))
    isDown = true
    const signal = AbortSignal.abort()
    const begun = performance.now()
    expect((await store.recoverLatestValidated({ signal })).ok).toBe(false)
    expect(performance.now() - begun).toBeLessThan(90)
    await store.close()
  })

  it('because it refuses (no permission) is told as such, at once', async () => {
    let isDenied = false
    const inner = new MemoryBlobStore()
    const denied = (key: string) =>
      err(coreError('IO_FAILED', 'no', { operation: 'get', key, reason: 'permission' }))
    const medium: BlobStore = {
      ...faultyMedium(inner),
      get: async (key, options) => (isDenied ? denied(key) : inner.get(key, options)),
    }
    const { pauses, clock } = impatient()
    const store = await open(medium, clock)
    for (const id of [1, 2]) unwrap(await store.saveWithState(manifest(id), state(id)))
    isDenied = true
    expect(await store.recoverLatestValidated()).toMatchObject({ error: { code: 'IO_FAILED' } })
    expect(await store.loadLatest()).toMatchObject({ error: { code: 'IO_FAILED' } })
    expect(pauses).toEqual([])
    await store.close()
  })

  it.each(['EIO', 'EMFILE'] as const)('in the layout of the original (%s) too', async (error) => {
    const disk = new SimulatedDisk()
    const { pauses, clock } = impatient()
    const options = { dir: '/s', fileSystem: disk.fileSystem(), clock }
    const store = unwrap(await openLaminarStore(options))
    for (const id of [1, 2]) unwrap(await store.saveWithState(manifest(id), state(id)))
    const path = '/s/checkpoints/checkpoint_000002/manifest.json'
    disk.failNext(error, { path, times: 2 })
    const report = unwrap(await store.recoverLatestValidated())
    expect([report.chosenId, report.skipped]).toEqual([2n, []])
    disk.failNext(error, { path: '/s/checkpoints', call: 'list', times: 2 })
    expect(unwrap(await store.loadLatest())?.checkpointId).toBe(2n)
    expect(pauses).toEqual([100, 200, 100, 200])
    disk.failNext(error, { path, times: Infinity })
    expect(await store.recoverLatestValidated()).toMatchObject({
      error: { code: 'RECOVERY_BLOCKED', details: { checkpointId: '2' } },
    })
    expect(await store.loadLatest()).toMatchObject({ error: { code: 'RECOVERY_BLOCKED' } })
    disk.clearFaults()
    disk.failNext('EACCES', { path, times: Infinity })
    expect(await store.recoverLatestValidated()).toMatchObject({ error: { code: 'IO_FAILED' } })
    await store.close()
  })

  it('under a store of the seven methods too', async () => {
    const inner = requiredStore()
    let failures = 0
    const down = () => err(coreError('IO_FAILED', 'down', { operation: 'get' }))
    const store = checkpointStore({
      ...inner,
      list: async (options) => (failures-- > 0 ? down() : inner.list(options)),
      loadById: async (id, options) => (failures-- > 0 ? down() : inner.loadById(id, options)),
    })
    for (const id of [1, 2]) unwrap(await store.save(manifest(id)))
    const { pauses, clock } = impatient()
    failures = 3
    expect(unwrap(await recoverLatest(store, clock)).chosenId).toBe(2n)
    expect(pauses).toEqual([100, 200, 400])
    failures = Infinity
    expect(await recoverLatest(store, clock)).toMatchObject({
      error: { code: 'RECOVERY_BLOCKED' },
    })
  })
})

describe('what recovery passes over', () => {
  it('is told apart: damaged, missing, and what says what cannot be right', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    for (const id of [1, 2, 3, 4, 5]) unwrap(await store.saveWithState(manifest(id), state(id)))
    unwrap(await store.save(createManifest({ checkpointId: 6, epoch: 0 })))
    unwrap(await store.save(manifest(7)))
    const { newest } = unwrap(await store.inspect())
    const of = (id: number) => present(newest.find((entry) => entry.checkpointId === BigInt(id)))
    unwrap(await medium.put(of(5).blobs[0] ?? '', new Uint8Array(100_000)))
    unwrap(await medium.delete(of(4).blobs[0] ?? ''))
    unwrap(await medium.put(`log/r${of(3).revision}`, new Uint8Array(100)))
    const reader = unwrap(await openStreamStore({ store: medium, mode: 'read' }))
    unwrap(await medium.put(`log/r${of(7).revision}`, new Uint8Array(100)))
    unwrap(await medium.delete(`log/r${of(2).revision}`))
    const report = unwrap(await reader.recoverLatestValidated())
    expect(report).toMatchObject({ chosenId: 1n, examined: 7, visited: 7, freshStart: 'no' })
    expect(report.skipped.map(({ checkpointId, fault }) => [checkpointId, fault])).toEqual([
      [7n, 'corrupt'],
      [6n, 'invalid'],
      [5n, 'corrupt'],
      [4n, 'missing'],
      [3n, 'corrupt'],
      [2n, 'missing'],
    ])
    for (const { reason } of report.skipped) expect(reason).not.toBe('')
    await Promise.all([reader.close(), store.close()])
  })

  it('a record that is not there costs its checkpoint alone', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    for (const id of [1, 2]) unwrap(await store.save(manifest(id)))
    const { newest } = unwrap(await store.inspect())
    unwrap(await store.saveStateData(9n, state(9)))
    unwrap(await medium.delete(`log/r${newest[1]?.revision}`))
    expect(unwrap(await store.loadLatest())?.checkpointId).toBe(1n)
    expect(await store.loadById(2n)).toMatchObject({
      error: { code: 'CORRUPTED', details: { reason: 'it is missing' } },
    })
    await store.close()
  })

  it.each([2, 3, 4, 5, 6, 7])(
    'with record %i taken away nothing behind it is forgotten',
    async (seq) => {
      const medium = new MemoryBlobStore()
      const store = await open(medium)
      for (const id of [1, 2, 3, 4, 5, 6, 7]) unwrap(await store.save(manifest(id)))
      await store.close()
      unwrap(await medium.delete(`log/r${seq}`))
      const before = await keysOf(medium)
      const opened = await openStreamStore({ store: medium })
      if (opened.ok) {
        expect(unwrap(await opened.value.recoverLatestValidated()).chosenId).toBe(7n)
        await opened.value.close()
      } else {
        expect(opened).toMatchObject({ error: { code: 'HEAD_LOST', details: { seq } } })
        expect(await keysOf(medium)).toEqual(before)
      }
    },
  )

  it('in the layout of the original is told apart, too', async () => {
    const disk = new SimulatedDisk()
    const at = (id: number, file: string) => `/s/checkpoints/checkpoint_00000${id}/${file}`
    const options = { dir: '/s', fileSystem: disk.fileSystem() }
    const store = unwrap(await openLaminarStore(options))
    for (const id of [1, 2, 3, 4]) unwrap(await store.saveWithState(manifest(id), state(id)))
    unwrap(await store.save(createManifest({ checkpointId: 5, epoch: 0 })))
    unwrap(await store.save(manifest(6)))
    const fileSystem = disk.fileSystem()
    disk.plant(at(6, 'manifest.json'), newer(6))
    await fileSystem.unlink(at(4, 'manifest.json'))
    await fileSystem.unlink(at(3, 'state.bin'))
    disk.plant(at(2, 'manifest.json'), new Uint8Array(100))
    const report = unwrap(await store.recoverLatestValidated())
    expect(report.chosenId).toBe(1n)
    expect(report.skipped.map(({ checkpointId, fault }) => [checkpointId, fault])).toEqual([
      [6n, 'unsupported'],
      [5n, 'invalid'],
      [4n, 'missing'],
      [3n, 'missing'],
      [2n, 'corrupt'],
    ])
    await store.close()
  })
})

describe('half a put that a crash left on the disk', () => {
  const HOUR_MS = 3_600_000

  it.each(['native', 'of the original'])('is swept when it is old (layout %s)', async (layout) => {
    const disk = new SimulatedDisk()
    let now = 1
    const options = { dir: '/s', fileSystem: disk.fileSystem(), nowMs: () => now }
    const store =
      layout === 'native'
        ? unwrap(await openStreamStoreIn(options))
        : unwrap(await openLaminarStore(options))
    unwrap(await store.saveWithState(manifest(1), state(1)))
    const dir = layout === 'native' ? '/s/blob' : '/s/checkpoints/checkpoint_000001'
    disk.plant(`${dir}/.tmp-0123-1`, new Uint8Array(10))
    unwrap(await store.cleanupOrphans())
    expect(disk.paths()).toContain(`${dir}/.tmp-0123-1`)
    now = Date.now() + HOUR_MS + 1
    expect(unwrap(await store.cleanupOrphans())).toBe(0)
    expect(disk.paths().filter((path) => path.includes('.tmp-'))).toEqual([])
    expect(unwrap(await store.validateCheckpoint(1n)).valid).toBe(true)
    await store.close()
  })
})

/** A manifest of a version that does not exist yet. */
function newer(id: number): Uint8Array {
  const text = new TextDecoder().decode(unwrap(encodeManifest(manifest(id), 'compact')))
  return new TextEncoder().encode(text.replace('"version":1', '"version":2'))
}

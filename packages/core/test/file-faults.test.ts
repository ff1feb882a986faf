import { describe, expect, it } from 'vitest'
import { FileBlobStore } from '../src/file/index.ts'
import { unwrap, type BlobStore } from '../src/index.ts'
import { interleavings, SimulatedDisk } from '../src/testing/index.ts'

const BODY = new Uint8Array([1, 2, 3])

async function openOn(disk: SimulatedDisk, process = 'main'): Promise<BlobStore> {
  return unwrap(await FileBlobStore.open('/store', { fileSystem: disk.fileSystem(process) }))
}

async function keysOf(store: BlobStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list()) keys.push(key)
  return keys
}

describe('a disk that fails', () => {
  it('in the sync of a name: the put is unknown, and no later one is believed until reopened', async () => {
    const disk = new SimulatedDisk()
    const store = await openOn(disk)
    unwrap(await store.put('a', BODY))
    disk.failNext('EIO', { call: 'syncDirectory' })
    const put = await store.put('b', BODY, { if: 'absent' })
    expect(put).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN', details: { key: 'b' } } })
    const syncs = () => disk.journal.filter(({ call }) => call === 'syncDirectory').length
    const before = syncs()
    const next = await store.put('c', BODY)
    expect(next).toMatchObject({ error: { code: 'IO_FAILED', details: { reason: 'sync-failed' } } })
    expect(await store.get('a', { durable: true })).toMatchObject({ ok: false })
    expect(syncs()).toBe(before)
    expect(unwrap(await store.put('hint', BODY, { durable: false })).key).toBe('hint')
    const again = await openOn(disk)
    unwrap(await again.put('c', BODY))
    expect(await keysOf(again)).toEqual(['a', 'b', 'c', 'hint'])
  })

  it('in the sync of bytes: nothing was put, and nothing stays behind', async () => {
    const disk = new SimulatedDisk()
    const store = await openOn(disk)
    disk.failNext('EIO', { call: 'datasync' })
    expect(await store.put('a', BODY)).toMatchObject({ error: { code: 'IO_FAILED' } })
    expect(disk.paths().filter((path) => /^\/store\/./.test(path))).toEqual([])
    expect(disk.openHandles).toEqual([])
    unwrap(await store.put('a', BODY))
  })

  it('for want of room: NO_SPACE, and nothing stays behind', async () => {
    for (const [error, call, system] of [
      ['ENOSPC', 'write', 'ENOSPC'],
      // Over quota has no name in Node, only this number.
      [122, 'write', 'EDQUOT'],
      [122, 'datasync', 'EDQUOT'],
      ['ENOSPC', 'create', 'ENOSPC'],
      ['ENOSPC', 'link', 'ENOSPC'],
      ['ENOSPC', 'mkdir', 'ENOSPC'],
    ] as const) {
      const disk = new SimulatedDisk()
      const store = await openOn(disk)
      disk.failNext(error, { call })
      const put = await store.put('d/a', BODY, { if: 'absent' })
      expect(put, `${system} of ${call}`).toMatchObject({
        error: { code: 'NO_SPACE', details: { system } },
      })
      expect(await keysOf(store)).toEqual([])
      unwrap(await store.put('d/a', BODY, { if: 'absent' }))
      expect(disk.openHandles).toEqual([])
    }
  })

  it('in any one call of a create: whole or absent, no handle left open, and the next one works', async () => {
    for (const error of ['EIO', 'EACCES', 'EROFS', 'EMFILE'] as const) {
      for (let at = 0; ; at++) {
        const disk = new SimulatedDisk()
        const store = await openOn(disk)
        const first = disk.calls
        disk.failAt(first + at, error)
        const put = await store.put('d/a', BODY, { if: 'absent' })
        const calls = disk.calls - first
        disk.clearFaults()
        const what = `${error} at call ${at}`
        expect(disk.openHandles, what).toEqual([])
        const found = unwrap(await (await openOn(disk)).get('d/a'))
        if (put.ok) expect(found?.sizeBytes, what).toBe(3)
        else {
          expect(['IO_FAILED', 'NO_SPACE', 'OUTCOME_UNKNOWN'], what).toContain(put.error.code)
          if (put.error.code !== 'OUTCOME_UNKNOWN') expect(found, what).toBeUndefined()
        }
        const again = await (await openOn(disk)).put('d/a', BODY, { if: 'absent' })
        expect(again.ok || again.error.code, what).toBe(found === undefined ? true : 'CONFLICT')
        if (at >= calls) break
      }
    }
  })
})

describe('two processes', () => {
  it('that create one key in any order of their calls: exactly one wins, and its bytes are there', async () => {
    const report = await interleavings(
      async (scheduler) => {
        const disk = new SimulatedDisk()
        await openOn(disk)
        const create = async (name: string, byte: number) => {
          const fileSystem = disk.fileSystem(name, scheduler)
          const store = unwrap(await FileBlobStore.open('/store', { fileSystem }))
          return store.put('a', new Uint8Array([byte]), { if: 'absent' })
        }
        const ends = await scheduler.run([create('one', 1), create('two', 2)])
        const results = ends.map((end) =>
          end?.status === 'fulfilled' ? end.value.ok || end.value.error.code : end,
        )
        expect(new Set(results)).toEqual(new Set(['CONFLICT', true]))
        const found = unwrap(await (await openOn(disk)).get('a'))
        const bytes = found === undefined ? undefined : unwrap(await found.bytes())
        expect(bytes?.[0]).toBe(results[0] === true ? 1 : 2)
      },
      { limit: 200 },
    )
    expect(report.runs).toBeGreaterThanOrEqual(200)
  })
})

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { nodeFileSystem, type FileSystem } from '@tidemark/core/file'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openLaminarStore } from '../src/file/index.ts'
import { createManifest, externalState, inlineState, type StoreEvent } from '../src/index.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const manifest = (id: number, rest = {}) => createManifest({ checkpointId: id, epoch: id, ...rest })

const made: string[] = []
let dir = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'laminar-'))
  made.push(dir)
})

afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true })
})

const path = (...parts: string[]) => join(dir, 'checkpoints', ...parts)
const open = async (options = {}) => unwrap(await openLaminarStore({ dir, ...options }))

/** A checkpoint as the original writes it: no field of ours, maps in any order, raw numbers. */
function plantOriginal(id: number, fields: Record<string, unknown> = {}): void {
  const name = `checkpoint_${String(id).padStart(6, '0')}`
  mkdirSync(path(name), { recursive: true })
  const text = JSON.stringify(
    { version: 1, checkpoint_id: id, epoch: id, timestamp_ms: 1, vnode_count: 256, ...fields },
    undefined,
    2,
  ).replaceAll(/"raw:(\d+)"/g, '$1')
  writeFileSync(path(name, 'manifest.json'), text)
  writeFileSync(path('latest.txt'), name)
}

/** What the original does to read the latest: the pointer, then the manifest behind it. */
function readAsOriginal(): { id: bigint; name: string; text: string } {
  const name = readFileSync(path('latest.txt'), 'utf8')
  const text = readFileSync(path(name, 'manifest.json'), 'utf8')
  return { id: BigInt(/"checkpoint_id": (\d+)/.exec(text)?.[1] ?? 0), name, text }
}

describe('a directory of the original', () => {
  it('is read: defaults, exact numbers, state', async () => {
    plantOriginal(7, {
      pipeline_hash: 'raw:16045690984835258932',
      sink_commit_statuses: { a: 'Pending', b: { Failed: 'x' } },
      operator_states: { op: { state_b64: null, external: true, external_length: 5 } },
      wal_position: 3,
    })
    writeFileSync(path('checkpoint_000007', 'state.bin'), 'bytes')
    const store = await open()
    const loaded = unwrap(await store.loadLatest())
    expect(loaded?.pipelineHash).toBe(16_045_690_984_835_258_932n)
    expect(loaded?.sinkCommitStatuses.get('b')).toEqual({ failed: 'x' })
    expect(loaded?.operatorStates.get('op')).toEqual(externalState(0n, 5n))
    expect(unwrap(await store.loadStateData(7n))).toEqual(utf8('bytes'))
    expect(unwrap(await store.validateCheckpoint(7n)).valid).toBe(true)
    await store.close()
  })

  it('is written so that the original reads it', async () => {
    const store = await open()
    for (const id of [1, 2]) {
      const operatorStates = { op: inlineState(utf8('x')) }
      unwrap(await store.saveWithState(manifest(id, { operatorStates }), [utf8(`state ${id}`)]))
    }
    const { id, name, text } = readAsOriginal()
    expect([id, name]).toEqual([2n, 'checkpoint_000002'])
    expect(text.startsWith('{\n  "version": 1,\n  "checkpoint_id": 2,\n  "epoch": 2,\n')).toBe(true)
    expect(readFileSync(path(name, 'state.bin'), 'utf8')).toBe('state 2')
    expect(readdirSync(path()).sort()).toEqual([
      'checkpoint_000001',
      'checkpoint_000002',
      'latest.txt',
    ])
    expect(readdirSync(path(name)).sort()).toEqual(['manifest.json', 'state.bin'])
    await store.close()
  })

  it('goes on where the original stopped, and the pointer never goes back', async () => {
    plantOriginal(10)
    const store = await open()
    expect(unwrap(await store.save(manifest(5))).advancedLatest).toBe(false)
    expect(readAsOriginal().id).toBe(10n)
    expect(unwrap(await store.save(manifest(11))).advancedLatest).toBe(true)
    expect(readAsOriginal().id).toBe(11n)
    await store.close()
  })

  it('does not hide a checkpoint behind a pointer that is absent or nonsense', async () => {
    for (const id of [1, 2, 3]) plantOriginal(id)
    writeFileSync(path('checkpoint_000003', 'manifest.json'), 'not json')
    const pointers = [undefined, '', ' \n', 'garbage', 'checkpoint_', 'checkpoint_000099']
    pointers.push('checkpoint_000003', 'checkpoint_000001', `checkpoint_${'9'.repeat(30)}`)
    for (const pointer of pointers) {
      if (pointer === undefined) rmSync(path('latest.txt'))
      else writeFileSync(path('latest.txt'), pointer)
      const events: StoreEvent[] = []
      const store = await open({ onEvent: (event: StoreEvent) => events.push(event) })
      expect(unwrap(await store.loadLatest())?.checkpointId, pointer).toBe(2n)
      expect(events.map(({ kind }) => kind)).toEqual(['degraded'])
      await store.close()
    }
    const store = await open()
    unwrap(await store.save(manifest(4)))
    expect(readAsOriginal().id).toBe(4n)
    await store.close()
  })

  it('skips what is no manifest, whatever it is', async () => {
    plantOriginal(1)
    for (const [index, content] of [
      new Uint8Array(),
      new Uint8Array(500),
      new Uint8Array([0xff, 0xfe]),
      utf8('[]'),
      utf8('{"version":1}'),
      readFileSync(path('checkpoint_000001', 'manifest.json')),
    ].entries()) {
      const name = `checkpoint_${String(index + 2).padStart(6, '0')}`
      mkdirSync(path(name))
      writeFileSync(path(name, 'manifest.json'), content)
    }
    const store = await open()
    const report = unwrap(await store.recoverLatestValidated())
    expect(report).toMatchObject({ chosenId: 1n, examined: 7, visited: 7 })
    expect(report.skipped.map(({ checkpointId }) => checkpointId)).toEqual([7n, 6n, 5n, 4n, 3n, 2n])
    // The last is whole, and it is the manifest of another checkpoint.
    expect(await store.loadById(7n)).toMatchObject({ error: { code: 'CORRUPTED' } })
    expect(unwrap(await store.list()).map(({ checkpointId }) => checkpointId)).toEqual([1n])
    await store.close()
  })

  it('leaves alone every name that is none of ours', async () => {
    plantOriginal(1)
    const names = ['checkpoint_+5', 'checkpoint_5', 'checkpoint_0000005', 'checkpoint_abc']
    for (const name of names) mkdirSync(path(name))
    writeFileSync(path('checkpoint_000007'), 'a file')
    writeFileSync(path('.DS_Store'), '')
    symlinkSync(path('checkpoint_000001'), path('checkpoint_000008'))
    const store = await open({ orphanMinAgeMs: 0, nowMs: () => Infinity })
    unwrap(await store.save(manifest(9)))
    expect(unwrap(await store.listIds())).toEqual([1n, 9n])
    unwrap(await store.prune(1))
    unwrap(await store.cleanupOrphans())
    const left = [...names, '.DS_Store', 'checkpoint_000007', 'checkpoint_000008'].sort()
    expect([...unwrap(await store.inspect()).foreign].sort()).toEqual(left)
    for (const name of names) expect(existsSync(path(name))).toBe(true)
    await store.close()
  })

  it('keeps an orphan until it is old, and then takes its directory along', async () => {
    const store = await open({ orphanMinAgeMs: 60_000 })
    unwrap(await store.saveStateData(3n, [utf8('x')]))
    expect(unwrap(await store.cleanupOrphans())).toBe(0)
    expect(unwrap(await store.inspect()).orphans).toEqual([3n])
    const long = new Date(Date.now() - 120_000)
    utimesSync(path('checkpoint_000003', 'state.bin'), long, long)
    utimesSync(path('checkpoint_000003'), long, long)
    expect(unwrap(await store.cleanupOrphans())).toBe(1)
    expect(existsSync(path('checkpoint_000003'))).toBe(false)
    // Its name was used: it is not given out again.
    expect(await store.save(manifest(3))).toMatchObject({ error: { code: 'CONFLICT' } })
    await store.close()
  })

  it('taken over while a manifest is written does not acknowledge it', async () => {
    const others: { close: () => Promise<void> }[] = []
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      link: async (from, to) => {
        await nodeFileSystem.link(from, to)
        // Written, and not yet acknowledged: now another process comes.
        if (to.endsWith('checkpoint_000002/manifest.json')) others.push(await open())
      },
    }
    const store = await open({ fileSystem })
    unwrap(await store.save(manifest(1)))
    expect(await store.save(manifest(2))).toMatchObject({ error: { code: 'FENCED' } })
    expect(others).toHaveLength(1)
    expect(await store.prune(1)).toMatchObject({ error: { code: 'FENCED' } })
    expect(await store.updateManifest(manifest(1))).toMatchObject({ error: { code: 'FENCED' } })
    for (const each of [store, ...others]) await each.close()
  })

  it('has no revisions to expect, and says so', async () => {
    const store = await open()
    unwrap(await store.save(manifest(1)))
    const updated = await store.updateManifest(manifest(1), { expectedRevision: 1 })
    expect(updated).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    await store.close()
    await store.close()
    expect(await store.save(manifest(2))).toMatchObject({ error: { code: 'CLOSED' } })
  })

  it('cleans up what an interrupted save of the original left', async () => {
    plantOriginal(1)
    plantOriginal(2)
    writeFileSync(path('checkpoint_000001', 'manifest.json.tmp'), 'half')
    const store = await open()
    unwrap(await store.prune(1))
    expect(readdirSync(path()).sort()).toEqual(['checkpoint_000002', 'latest.txt'])
    await store.close()
  })
})

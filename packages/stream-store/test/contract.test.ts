import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { SimulatedDisk } from '@tidemark/core/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { openLaminarStore } from '../src/file/index.ts'
import {
  checkpointStore,
  openStreamStore,
  type CheckpointStore,
  type StreamStore,
} from '../src/index.ts'
import { checkpointStoreContract, type CheckpointStoreSubject } from '../src/testing/index.ts'
import { requiredStore } from './support/required-store.ts'

const directories: string[] = []

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'stream-store-'))
  directories.push(made)
  return made
}

afterAll(() => {
  for (const path of directories) rmSync(path, { recursive: true })
})

/** The subject for the native layout on any medium. */
function native(newMedium: () => Promise<BlobStore>): CheckpointStoreSubject {
  const media = new Map<CheckpointStore, BlobStore>()
  const stores = new Map<CheckpointStore, StreamStore>()
  const open = async (medium: BlobStore, keep: number) => {
    const store = unwrap(await openStreamStore({ store: medium, keep, orphanMinAgeMs: 0 }))
    media.set(store, medium)
    stores.set(store, store)
    return store
  }
  const mediumOf = (store: CheckpointStore) => media.get(store) ?? new MemoryBlobStore()
  const entryOf = async (store: CheckpointStore, id: bigint) => {
    const found = stores.get(store)
    const inspection = found === undefined ? undefined : unwrap(await found.inspect())
    const entry = inspection?.newest.find(({ checkpointId }) => checkpointId === id)
    if (entry === undefined) throw new Error(`no entry ${id}`)
    return entry
  }
  return {
    updates: true,
    sweeps: true,
    open: async ({ keep = Infinity }) => open(await newMedium(), keep),
    reopen: (store) => open(mediumOf(store), Infinity),
    close: async (store) => stores.get(store)?.close(),
    damageManifest: async (store, id, bytes) => {
      const { revision } = await entryOf(store, id)
      unwrap(await mediumOf(store).put(`log/r${revision}`, bytes))
    },
    damageState: async (store, id, how) => {
      const [key = ''] = (await entryOf(store, id)).blobs
      const medium = mediumOf(store)
      if (how === 'remove') return void unwrap(await medium.delete(key))
      const blob = unwrap(await medium.get(key))
      const bytes = blob === undefined ? new Uint8Array() : unwrap(await blob.bytes())
      if (how === 'flip') bytes[77] = (bytes[77] ?? 0) ^ 4
      unwrap(await medium.put(key, how === 'flip' ? bytes : bytes.subarray(0, -1)))
    },
  }
}

/** The subject for the original's layout. */
function laminar(): CheckpointStoreSubject {
  const dirs = new Map<CheckpointStore, string>()
  const closers = new Map<CheckpointStore, () => Promise<void>>()
  const open = async (dir: string, maxRetained: number) => {
    const store = unwrap(
      await openLaminarStore({ dir, maxRetained, orphanMinAgeMs: 0, nowMs: () => Infinity }),
    )
    dirs.set(store, dir)
    closers.set(store, () => store.close())
    return store
  }
  const path = (store: CheckpointStore, id: bigint, file: string) =>
    join(dirs.get(store) ?? '', 'checkpoints', `checkpoint_${String(id).padStart(6, '0')}`, file)
  return {
    updates: true,
    sweeps: true,
    open: ({ keep = 0 }) => open(directory(), keep),
    reopen: (store) => open(dirs.get(store) ?? '', 0),
    close: async (store) => closers.get(store)?.(),
    damageManifest: async (store, id, bytes) =>
      writeFileSync(path(store, id, 'manifest.json'), bytes),
    damageState: async (store, id, how) => {
      const file = path(store, id, 'state.bin')
      if (how === 'remove') return rmSync(file)
      const bytes = readFileSync(file)
      if (how === 'shorten') return truncateSync(file, bytes.length - 1)
      bytes[77] = (bytes[77] ?? 0) ^ 4
      return writeFileSync(file, bytes)
    },
  }
}

const subjects: Record<string, CheckpointStoreSubject> = {
  'in memory': native(async () => new MemoryBlobStore()),
  'on a simulated disk': native(async () =>
    unwrap(await FileBlobStore.open('/store', { fileSystem: new SimulatedDisk().fileSystem() })),
  ),
  'on a real disk': native(async () => unwrap(await FileBlobStore.open(directory()))),
  'in the layout of the original': laminar(),
  'with the seven required methods alone': { open: async () => checkpointStore(requiredStore()) },
}

describe.each(Object.entries(subjects))('a checkpoint store %s', (name, subject) => {
  const cases = checkpointStoreContract(subject).filter(
    // A store of the seven methods decides about retention by itself.
    (testCase) => !(name.includes('seven') && testCase.name.startsWith('every save keeps')),
  )
  it.each(cases.map((testCase) => [testCase.name, testCase.run] as const))('%s', (_, run) => run())
})

it('leaves no case out for the stores of this package', () => {
  const counts = Object.values(subjects).map((subject) => checkpointStoreContract(subject).length)
  expect(counts).toEqual([32, 32, 32, 32, 25])
})

import { coreError, err, MemoryBlobStore, prefixed, unwrap, type BlobStore } from '@tidemark/core'
import { FileBlobStore, FileStorage } from '@tidemark/core/file'
import { openStreamStore, type StoreInspection } from '@tidemark/stream-store'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addAuthor } from '../src/layers/authors.ts'
import { emptyState, type State } from '../src/layers/state.ts'
import { findPlace, lookAtPlace, openPlace } from '../src/tidemark/stream-store.ts'
import { scratch } from './support/scratch.ts'
import { born } from './support/states.ts'

/** A state after so many commits; a big one does not fit in a record of the log. */
function stateAt(position: number, files = 1): State {
  const commit = String(position).padStart(40, '0')
  const state = emptyState({ commit, cut: false })
  addAuthor(state.authors, { number: 0, name: 'Ada', email: 'ada@example.com' })
  for (let i = 0; i < files; i += 1) {
    const file = { births: born(i, 9), binary: false, commits: 1, churn: 0 }
    state.files.set(`a-path-of-some-length/${i}`, file)
  }
  return { ...state, commit, position }
}

const SMALL = 1
const BIG = 10_000

/** Saves states as one run does. */
async function saveAll(store: BlobStore, positions: readonly number[], files = 1): Promise<void> {
  const place = unwrap(await openPlace(store))
  for (const position of positions) unwrap(await place.save(stateAt(position, files)))
  await place.close()
}

/** What another process finds in a directory. */
async function opened(directory: string): Promise<FileBlobStore> {
  return unwrap(await FileBlobStore.open(directory))
}

async function inspect(store: BlobStore): Promise<StoreInspection> {
  const place = unwrap(await openStreamStore({ store: prefixed(store, 'place/'), mode: 'read' }))
  const inspection = unwrap(await place.inspect())
  await place.close()
  return inspection
}

describe('the saved place', () => {
  it('is nothing before the first save, and looking for it makes nothing', async () => {
    const store = new MemoryBlobStore()
    const nothing = { state: undefined, epoch: undefined, skipped: [], earlier: undefined }
    expect(unwrap(await findPlace(store))).toEqual(nothing)
    expect(unwrap(await lookAtPlace(store))).toEqual({ offset: undefined, epochs: 0 })
    for await (const { key } of store.list()) expect.unreachable(key)
  })

  it.each([SMALL, BIG])('is the newest one, for another process too (%i files)', async (files) => {
    const directory = await scratch()
    await saveAll(await opened(directory), [100, 200, 300], files)
    const { state, skipped } = unwrap(await findPlace(await opened(directory)))
    expect(state).toEqual(stateAt(300, files))
    expect(skipped).toEqual([])
  })

  it('is one commit: its offset is that of its state, one epoch after the other', async () => {
    const store = new MemoryBlobStore()
    for (const [epoch, positions] of [[2, [100, 200]] as const, [3, [250]] as const]) {
      await saveAll(store, positions)
      const position = positions.at(-1) ?? 0
      const commit = String(position).padStart(40, '0')
      expect(unwrap(await lookAtPlace(store)).offset).toEqual({ epoch, commit, position })
    }
  })

  it.each([
    ['a flipped byte', SMALL, 'log', flip],
    ['a cut record', SMALL, 'log', cut],
    ['an empty record', SMALL, 'log', empty],
    ['a flipped byte beside the record', BIG, 'blob', flip],
    ['a cut blob', BIG, 'blob', cut],
    ['a missing blob', BIG, 'blob', (path: string) => rm(path)],
  ])(
    'is the newest whole one after %s, and what was damaged is told',
    async (_, files, kind, harm) => {
      const directory = await scratch()
      const store = await opened(directory)
      await saveAll(store, [100, 200, 300], files)
      const newest = (await inspect(store)).newest.at(-1)
      const name = kind === 'log' ? `log/r${newest?.revision}` : newest?.blobs[0]
      await harm(join(directory, 'place', name ?? ''))

      const again = await opened(directory)
      const { state, epoch, skipped } = unwrap(await findPlace(again))
      expect(state).toEqual(stateAt(200, files))
      expect(epoch).toBe(2)
      // A damaged record does not even say whose it is.
      expect(skipped.map(({ epoch }) => epoch)).toEqual([kind === 'log' ? undefined : 3])
      expect(skipped[0]?.reason).not.toBe('')

      // The run goes on from there, and what it saves is found.
      await saveAll(again, [250], files)
      const next = unwrap(await findPlace(again))
      expect(next).toMatchObject({ skipped: [], earlier: undefined })
      expect(next.state).toEqual(stateAt(250, files))
      expect(next.epoch).toBeGreaterThan(2)
    },
  )

  it('takes the room of a few states, however often it is saved', async () => {
    const directory = await scratch()
    const saves = Array.from({ length: 40 }, (_, index) => index + 1)
    await saveAll(await opened(directory), saves, BIG)
    const blobs = await readdir(join(directory, 'place/blob'))
    expect(blobs.length).toBeLessThanOrEqual(6)
  })

  it('is nothing when all are damaged, and each is told; then it is saved again', async () => {
    const directory = await scratch()
    await saveAll(await opened(directory), [100, 200])
    const log = join(directory, 'place/log')
    for (const name of await readdir(log)) if (name.startsWith('r')) await flip(join(log, name))
    const again = await opened(directory)
    const { state, skipped } = unwrap(await findPlace(again))
    expect(state).toBeUndefined()
    expect(skipped.length).toBeGreaterThanOrEqual(2)
    await saveAll(again, [50])
    expect(unwrap(await findPlace(again)).state).toEqual(stateAt(50))
  })

  it.each([1, 99])('of version %i of Strata is passed over', async (version) => {
    const store = new MemoryBlobStore()
    const place = unwrap(await openStreamStore({ store: prefixed(store, 'place/') }))
    const writer = unwrap(place.begin())
    unwrap(await writer.put('layers', Uint8Array.of(version)))
    unwrap(await writer.commit())
    await place.close()
    const { state, skipped } = unwrap(await findPlace(store))
    expect(state).toBeUndefined()
    expect(skipped).toMatchObject([{ epoch: 1 }])
    expect(skipped[0]?.reason).toContain(`version ${version}`)
  })

  it('of the time before there was a stream store is named, and left as it is', async () => {
    const directory = await scratch()
    const storage = unwrap(await FileStorage.open(join(directory, 'checkpoints')))
    unwrap(await storage.save('place', { state: Uint8Array.of(2, 0, 0, 0, 0, 0, 0) }))
    await storage.close()
    const look = (): Promise<string[]> => readdir(join(directory, 'checkpoints'), DEEP)
    const before = await look()
    const store = await opened(directory)
    expect(unwrap(await findPlace(store)).earlier).toBe('checkpoints/')
    await saveAll(store, [100])
    expect(unwrap(await findPlace(store))).toMatchObject({ earlier: undefined, skipped: [] })
    expect(await look()).toEqual(before)
  })

  it('belongs to who opened it last: the one before is fenced and changes nothing', async () => {
    const store = new MemoryBlobStore()
    const first = unwrap(await openPlace(store))
    unwrap(await first.save(stateAt(100)))
    const second = unwrap(await openPlace(store))
    const late = await first.save(stateAt(200))
    expect(late.ok ? late.value : late.error.code).toBe('FENCED')
    unwrap(await second.save(stateAt(150)))
    await Promise.all([first.close(), second.close()])
    expect(unwrap(await findPlace(store)).state).toEqual(stateAt(150))
  })

  it.each([
    // Asked once more while it is chosen; not while it is read.
    { title: 'once', lasts: false, expected: ['IO_FAILED', '200'] },
    { title: 'for good', lasts: true, expected: ['RECOVERY_BLOCKED', 'IO_FAILED', '200'] },
  ])(
    'is not given up for an older one when the medium fails $title, at any moment',
    async ({ lasts, expected }) => {
      const store = new FailingStore(lasts)
      await saveAll(store, [100, 200], BIG)
      const outcomes = new Set<string>()
      for (let reads = 0; reads < 6; reads += 1) {
        store.readsLeft = reads
        const found = await findPlace(store)
        outcomes.add(found.ok ? `${found.value.state?.position}` : found.error.code)
      }
      expect(outcomes).toEqual(new Set(expected))
    },
  )
})

const DEEP = { recursive: true, encoding: 'utf8' } as const

/** A medium that fails at one read of a blob, or from then on. */
class FailingStore extends MemoryBlobStore {
  readsLeft = Infinity
  readonly #lasts: boolean

  constructor(lasts: boolean) {
    super()
    this.#lasts = lasts
  }

  override async get(
    ...args: Parameters<MemoryBlobStore['get']>
  ): ReturnType<MemoryBlobStore['get']> {
    if (!args[0].includes('/blob/')) return super.get(...args)
    this.readsLeft -= 1
    const fails = this.readsLeft === -1 || (this.#lasts && this.readsLeft < 0)
    if (!fails) return super.get(...args)
    return err(coreError('IO_FAILED', 'the cable is out', { operation: 'get' }))
  }
}

async function flip(path: string): Promise<void> {
  const bytes = new Uint8Array(await readFile(path))
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x10
  await replace(path, bytes)
}

async function cut(path: string): Promise<void> {
  const bytes = new Uint8Array(await readFile(path))
  await replace(path, bytes.slice(0, Math.floor(bytes.length / 2)))
}

function empty(path: string): Promise<void> {
  return replace(path, new Uint8Array())
}

/** As bad luck would do it: not through the store. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await rm(path)
  await writeFile(path, bytes)
}

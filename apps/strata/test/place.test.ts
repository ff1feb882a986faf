import { coreError, err, MemoryStorage, unwrap } from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addAuthor } from '../src/layers/authors.ts'
import { emptyState, type State } from '../src/layers/state.ts'
import { loadPlace, savePlace } from '../src/place.ts'
import { scratch } from './support/scratch.ts'
import { born } from './support/states.ts'

/** A state after so many commits; a big one does not fit in a record of core's log. */
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

describe('the saved place', () => {
  it('is nothing before the first save', async () => {
    expect(await loadPlace(new MemoryStorage())).toEqual({
      ok: true,
      value: { state: undefined, skipped: [] },
    })
  })

  it.each([SMALL, BIG])('is the newest one, for another process too (%i files)', async (files) => {
    const directory = await scratch()
    const storage = unwrap(await FileStorage.open(directory))
    for (const position of [100, 200, 300]) {
      unwrap(await savePlace(storage, stateAt(position, files)))
    }
    await storage.close()
    const again = unwrap(await FileStorage.open(directory))
    const { state, skipped } = unwrap(await loadPlace(again))
    await again.close()
    expect(state).toEqual(stateAt(300, files))
    expect(skipped).toEqual([])
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
      const storage = unwrap(await FileStorage.open(directory))
      for (const position of [100, 200, 300]) {
        unwrap(await savePlace(storage, stateAt(position, files)))
      }
      await storage.close()
      await harm(await newestIn(join(directory, kind)))

      const again = unwrap(await FileStorage.open(directory))
      const { state, skipped } = unwrap(await loadPlace(again))
      expect(state).toEqual(stateAt(200, files))
      expect(skipped.map(({ generation }) => generation)).toEqual([3])
      expect(skipped[0]?.reason).not.toBe('')

      // The run goes on from there, and what it saves is found.
      unwrap(await savePlace(again, stateAt(250, files)))
      const next = unwrap(await loadPlace(again))
      await again.close()
      expect(next).toEqual({ state: stateAt(250, files), skipped: [] })
    },
  )

  it('takes the room of a few states, however often it is saved', async () => {
    const directory = await scratch()
    const storage = unwrap(await FileStorage.open(directory))
    for (let save = 1; save <= 40; save += 1) unwrap(await savePlace(storage, stateAt(save, BIG)))
    await storage.close()
    const blobs = await readdir(join(directory, 'blob/n-place'))
    expect(blobs.length).toBeLessThanOrEqual(10)
  })

  it('is nothing when all are damaged, and each is told', async () => {
    const directory = await scratch()
    const storage = unwrap(await FileStorage.open(directory))
    for (const position of [100, 200]) unwrap(await savePlace(storage, stateAt(position)))
    await storage.close()
    for (const name of await readdir(join(directory, 'log')))
      await flip(join(directory, 'log', name))
    const again = unwrap(await FileStorage.open(directory))
    const { state, skipped } = unwrap(await loadPlace(again))
    await again.close()
    expect(state).toBeUndefined()
    expect(skipped.map(({ generation }) => generation)).toEqual([2, 1])
  })

  it.each([1, 99])('of version %i of Strata is passed over', async (version) => {
    const storage = new MemoryStorage()
    unwrap(await storage.save('place', { state: Uint8Array.of(version) }))
    const { state, skipped } = unwrap(await loadPlace(storage))
    expect(state).toBeUndefined()
    expect(skipped[0]?.reason).toContain(`version ${version}`)
  })

  it('is not given up for an older one when the medium merely fails', async () => {
    const storage = new FailingStorage()
    for (const position of [100, 200]) unwrap(await savePlace(storage, stateAt(position)))
    storage.failures = 1
    const loaded = await loadPlace(storage)
    expect(loaded.ok ? loaded.value : loaded.error.code).toBe('IO_FAILED')
    expect(unwrap(await loadPlace(storage)).state).toEqual(stateAt(200))
  })
})

/** A storage whose medium is out of reach for a while. */
class FailingStorage extends MemoryStorage {
  failures = 0

  override async loadCheckpoint(
    ...args: Parameters<MemoryStorage['loadCheckpoint']>
  ): ReturnType<MemoryStorage['loadCheckpoint']> {
    if (this.failures === 0) return super.loadCheckpoint(...args)
    this.failures -= 1
    return err(coreError('IO_FAILED', 'the cable is out', { operation: 'get' }))
  }
}

/** The file of the newest generation: the one with the highest number in its name. */
async function newestIn(directory: string): Promise<string> {
  const numbered = (await readdir(directory, { recursive: true })).map((name) => {
    const number = Number(/(?:\.r|\/)(\d+)/u.exec(name)?.[1] ?? 0)
    return { name, number }
  })
  const newest = numbered.sort((a, b) => b.number - a.number)[0]
  return join(directory, newest?.name ?? '')
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

import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { decodeMetadata, encodeMetadata, type Metadata } from '@tidemark/mkvs-chunks'
import { assert, boolean, integer, nat, property, record } from 'fast-check'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addAuthor } from '../src/layers/authors.ts'
import {
  decodeFileMetrics,
  encodeFileMetrics,
  metricsOf,
  type FileMetrics,
} from '../src/layers/metrics.ts'
import { emptyState, type SourceFile, type State } from '../src/layers/state.ts'
import { seal, verifySealed, type SealError, type Verified } from '../src/tidemark/mkvs-chunks.ts'
import { git, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { born, stateOf } from './support/states.ts'
import { inProcess, jsonIn } from './support/strata.ts'

/** A state with a file at each of these paths. */
function stateWith(paths: readonly string[]): State {
  const state = emptyState({ commit: '1'.repeat(40), cut: false })
  addAuthor(state.authors, { number: 0, name: 'Ada', email: 'ada@example.com' })
  for (const [index, path] of paths.entries()) {
    const file = { births: born(index, index + 1), binary: false, commits: index, churn: 2 * index }
    state.files.set(path, file)
  }
  return { ...state, commit: '2'.repeat(40), position: 9 }
}

const PATHS = Array.from({ length: 2000 }, (_, index) => `src/part-${index % 7}/file-${index}.ts`)
const STATE = stateWith(PATHS)

async function sealed(state = STATE): Promise<{ store: MemoryBlobStore; root: string }> {
  const store = new MemoryBlobStore()
  const { root } = unwrap(await seal(store, state))
  return { store, root }
}

async function failure(store: BlobStore, root: string): Promise<SealError | Verified> {
  const verified = await verifySealed(store, root)
  return verified.ok ? verified.value : verified.error
}

async function keysOf(store: BlobStore, pattern: RegExp): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list()) if (pattern.test(key)) keys.push(key)
  return keys
}

async function bytesAt(store: BlobStore, key: string): Promise<Uint8Array> {
  const blob = unwrap(await store.get(key))
  return blob === undefined ? expect.unreachable(key) : unwrap(await blob.bytes())
}

describe('the metrics of a file', () => {
  const metrics = record({
    binary: boolean(),
    lines: nat(),
    commits: nat(),
    churn: nat(),
    day: integer({ min: -800_000, max: 3_000_000 }),
  }).map(({ day, ...rest }): FileMetrics => {
    return { ...rest, medianDay: rest.lines === 0 ? undefined : day }
  })

  it('are the same after they were bytes, and have one form', () => {
    const roundTrip = property(metrics, (given) => {
      const bytes = encodeFileMetrics(given)
      expect(unwrap(decodeFileMetrics(bytes))).toEqual(given)
      expect(decodeFileMetrics(Uint8Array.of(...bytes, 0)).ok).toBe(false)
      expect(decodeFileMetrics(bytes.subarray(0, -1)).ok).toBe(false)
    })
    assert(roundTrip)
  })

  it('know by which day half of the lines were born', () => {
    const births = Int32Array.of(30, 0, 4, 10, 0, 3, 20, 0, 1)
    const file = { births, binary: false, commits: 3, churn: 5 }
    expect(metricsOf(file)).toEqual({
      binary: false,
      lines: 8,
      commits: 3,
      churn: 5,
      medianDay: 20,
    })
    expect(metricsOf({ ...file, births: new Int32Array() }).medianDay).toBeUndefined()
  })
})

describe('a sealed result', () => {
  it('has the same root and the same chunks wherever and in whatever order it was made', async () => {
    const one = unwrap(await seal(new MemoryBlobStore(), STATE))
    const files = new Map<string, SourceFile>()
    // The last ones first.
    for (const path of [...PATHS.slice(1000), ...PATHS.slice(0, 1000)]) {
      const file = STATE.files.get(path)
      if (file !== undefined) files.set(path, file)
    }
    expect(unwrap(await seal(new MemoryBlobStore(), { ...STATE, files }))).toEqual(one)
    expect(one.chunks).toBeGreaterThan(3)
    // A root that was printed once is the root for ever, unless its version rises.
    expect(one.root).toBe(GOLDEN)
  })

  it.each([
    ['the commit', { ...STATE, commit: '3'.repeat(40) }],
    ['the number of commits', { ...STATE, position: 10 }],
    ['a file', stateWith(PATHS.slice(1))],
  ])('has another root for another value of %s', async (_, state) => {
    expect((await sealed(state)).root).not.toBe((await sealed()).root)
  })

  it('is restored from its chunks alone, and says what it comes to', async () => {
    const { store, root } = await sealed()
    const lines = (2000 * 2001) / 2
    expect(await failure(store, root)).toMatchObject({ root, position: 9, files: 2000, lines })
  })

  it('names each chunk that is lost, and each that lies', async () => {
    const { store, root } = await sealed()
    for (const key of await keysOf(store, /\/chunks\//u)) {
      const index = key.split('/').at(-1)
      const bytes = await bytesAt(store, key)
      unwrap(await store.delete([key]))
      expect(await failure(store, root)).toMatchObject({
        code: 'CHUNK_NOT_FOUND',
        details: { index },
      })
      unwrap(
        await store.put(
          key,
          bytes.map((byte, at) => (at === 60 ? byte ^ 1 : byte)),
        ),
      )
      const corrupted = { code: 'CHUNK_CORRUPTED', details: { index: Number(index) } }
      expect(await failure(store, root)).toMatchObject(corrupted)
      unwrap(await store.put(key, bytes))
    }
    expect(await failure(store, root)).toMatchObject({ root })
  })

  it.each([
    ['leaves one out', (chunks: Metadata['chunks']) => chunks.slice(1), 1],
    ['has those of another result', (_: unknown, other: Metadata['chunks']) => other, 0],
  ])('refuses a list of chunks that %s', async (_, change, shift) => {
    const { store, root } = await sealed()
    const lies = await sealed({ ...STATE, commit: '3'.repeat(40) })
    const [[meta = ''], [otherMeta = '']] = [
      await keysOf(store, /\/meta$/u),
      await keysOf(lies.store, /\/meta$/u),
    ]
    const metadata = unwrap(decodeMetadata(await bytesAt(store, meta)))
    const other = unwrap(decodeMetadata(await bytesAt(lies.store, otherMeta)))
    const chunks = change(metadata.chunks, other.chunks)
    const from = shift === 0 ? { store: lies.store, meta: otherMeta } : { store, meta }
    const moved = await Promise.all(
      chunks.map((_, index) => bytesAt(from.store, chunkKey(from.meta, index + shift))),
    )
    for (const [index, bytes] of moved.entries()) {
      unwrap(await store.put(chunkKey(meta, index), bytes))
    }
    unwrap(await store.put(meta, encodeMetadata({ ...metadata, chunks })))
    expect(await failure(store, root)).toMatchObject({ code: 'CHUNK_PROOF_VERIFICATION_FAILED' })
  })

  it('is not found under another root, nor where its list of chunks is damaged', async () => {
    const { store, root } = await sealed()
    const other = 'a'.repeat(64)
    expect(await failure(store, other)).toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' })
    const [meta = ''] = await keysOf(store, /\/meta$/u)
    unwrap(await store.put(meta, Uint8Array.of(1)))
    expect(await failure(store, root)).toMatchObject({ code: 'CORRUPTED' })
  })

  it('is whole again when it is sealed again', async () => {
    const { store, root } = await sealed()
    for (const key of await keysOf(store, /\/chunks\/1$/u)) unwrap(await store.delete([key]))
    expect(unwrap(await seal(store, STATE)).root).toBe(root)
    expect(await failure(store, root)).toMatchObject({ root, files: 2000 })
  })

  it('may have no files, and paths that begin alike for very long', async () => {
    const nothing = await sealed(stateWith([]))
    expect(await failure(nothing.store, nothing.root)).toMatchObject({ files: 0, lines: 0 })
    const ladder = Array.from({ length: 400 }, (_, index) => 'a'.repeat(index + 1))
    const deep = await sealed(stateWith(ladder))
    expect(await failure(deep.store, deep.root)).toMatchObject({ files: 400 })
  })

  it('has paths of up to 8191 bytes; a longer one is refused before anything is written', async () => {
    const long = await sealed(stateWith(['a'.repeat(8191)]))
    expect(await failure(long.store, long.root)).toMatchObject({ files: 1 })
    const store = new MemoryBlobStore()
    const refused = await seal(store, stateWith(['a'.repeat(8192)]))
    const error = { code: 'LIMIT_EXCEEDED', details: { maximum: 8191, actual: 8192 } }
    expect(refused.ok ? refused.value : refused.error).toMatchObject(error)
    expect(await keysOf(store, /./u)).toEqual([])
  })
})

describe('strata verify', () => {
  it('restores what the run of another machine printed the root of', async () => {
    const path = await madeRepository(80)
    const clone = join(await scratch(), 'clone')
    git(path, ['clone', '--quiet', '--bare', '.', clone])
    const [one, other] = [
      jsonIn(await inProcess(['run', path, '--json', '--every', '7'])),
      jsonIn(await inProcess(['run', clone, '--json'])),
    ]
    expect(other.root).toBe(one.root)
    const printed = await inProcess(['run', path])
    expect(printed.lines.at(-2)).toMatch(new RegExp(`root at [0-9a-f]{12} +${one.root}$`, 'u'))

    const verified = await inProcess(['verify', clone, '--root', one.root ?? ''])
    expect(verified.code).toBe(0)
    expect(verified.stdout).toContain(`✓ ${one.root}`)
    expect(verified.stdout).toContain('80 commits')
    const json = await inProcess([
      'verify',
      join(clone, 'strata'),
      '--root',
      one.root ?? '',
      '--json',
    ])
    const state = await stateOf(path)
    const { commit, lines } = one
    // Whoever was given the chunks, and nothing else, can check them.
    const given = await scratch()
    await cp(join(clone, 'strata/sealed'), join(given, 'sealed'), { recursive: true })
    expect((await inProcess(['verify', given, '--root', one.root ?? ''])).code).toBe(0)
    expect(jsonIn(json)).toMatchObject({ verified: true, commit, lines, files: state.files.size })
  })

  it('says which chunk is lost or lies: exit code 5; and is content after --fresh', async () => {
    const path = await madeRepository(80)
    const store = await scratch()
    const { root = '' } = jsonIn(await inProcess(['run', path, '--json', '--store', store]))
    const chunks = join(store, 'sealed/80', root, 'chunks')
    const [name = ''] = await readdir(chunks)
    const bytes = await readFile(join(chunks, name))
    await rm(join(chunks, name))
    await writeFile(join(chunks, name), bytes.subarray(1))
    const lies = await inProcess(['verify', store, '--root', root])
    expect([lies.code, lies.stdout]).toEqual([5, ''])
    expect(lies.stderr).toContain(`chunk ${name} is not what was sealed (CHUNK_CORRUPTED)`)
    await rm(join(chunks, name))
    const lost = await inProcess(['verify', path, '--store', store, '--root', root, '--json'])
    expect(lost.code).toBe(5)
    expect(jsonIn(lost).error).toMatchObject({ code: 'CHUNK_NOT_FOUND', details: { index: name } })
    await inProcess(['run', path, '--store', store, '--fresh'])
    expect((await inProcess(['verify', store, '--root', root])).code).toBe(0)
  })

  it('needs a root: exit code 2, and 1 for one that was never sealed', async () => {
    const path = await madeRepository(5)
    await inProcess(['run', path])
    expect((await inProcess(['verify', path])).code).toBe(2)
    expect((await inProcess(['verify', path, '--root', 'abc'])).code).toBe(2)
    const unknown = await inProcess(['verify', path, '--root', 'a'.repeat(64)])
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toContain('nothing with the root')
  })
})

/** The root of {@link STATE}. */
const GOLDEN = 'f364b765847a922594e15b7d4c24dd030c22a5e2706e0c13ae33f646ebb21d1b'

function chunkKey(meta: string, index: number): string {
  return meta.replace(/meta$/u, `chunks/${index}`)
}

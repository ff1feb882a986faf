import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileBlobStore, FileStorage } from '../src/file/index.ts'
import { MemoryBlobStore, prefixed, unwrap } from '../src/index.ts'
import { drain } from '../src/testing/check.ts'
import { temporaryDirectory } from './support/media.ts'

const LARGE = new Uint8Array(100_000)
const STRANGE = [
  '../../x',
  '/abs',
  'a/b',
  '..',
  'a\\b',
  'nul\u0000inside',
  'con',
  'name.',
  'Job',
  'job',
]

function everythingBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(directory, name),
  )
}

async function fill(directory: string): Promise<void> {
  const storage = unwrap(await FileStorage.open(directory))
  for (const identifier of STRANGE) {
    const draft = unwrap(await storage.createCheckpoint(identifier))
    for (const key of STRANGE) unwrap(await draft.put(key, key === '..' ? LARGE : key))
    await unwrap(await draft.commit()).close()
  }
  await storage.close()
}

describe('a directory of checkpoints', () => {
  it('holds everything, whatever the names: nothing is written outside', async () => {
    const outer = temporaryDirectory()
    await fill(join(outer, 'deep/store'))
    expect(readdirSync(outer)).toEqual(['deep'])
    expect(readdirSync(join(outer, 'deep'))).toEqual(['store'])
    const names = everythingBelow(join(outer, 'deep/store')).map((path) => path.slice(outer.length))
    expect(names.filter((name) => !/^[a-z0-9._/-]+$/.test(name))).toEqual([])
    const folded = new Set(names.map((name) => name.toLowerCase().normalize('NFKC')))
    expect(folded.size).toBe(names.length)
  })

  it.skipIf(process.platform === 'win32')(
    'is readable by nobody else, whatever the umask',
    async () => {
      const before = process.umask(0)
      const directory = join(temporaryDirectory(), 'store')
      try {
        await fill(directory)
      } finally {
        process.umask(before)
      }
      const modes = [directory, ...everythingBelow(directory)].map((path) => {
        const stat = statSync(path)
        return `${stat.isDirectory() ? 'directory' : 'file'} ${(stat.mode & 0o777).toString(8)}`
      })
      expect(new Set(modes)).toEqual(new Set(['directory 700', 'file 600']))
    },
  )

  it('leaves foreign files alone, in every directory, through gc and removal', async () => {
    const directory = join(temporaryDirectory(), 'store')
    await fill(directory)
    const inside = [directory, ...everythingBelow(directory)]
    const foreign = inside
      .filter((path) => statSync(path).isDirectory())
      .flatMap((path) =>
        ['README', '.DS_Store', 'x.tmp', 'Thumbs.db'].map((name) => join(path, name)),
      )
    for (const path of foreign) writeFileSync(path, 'not ours')
    const storage = unwrap(await FileStorage.open(directory))
    expect(await drain(storage.checkpointIdentifiers())).toHaveLength(STRANGE.length)
    for (const identifier of STRANGE) unwrap(await storage.removeCheckpoint(identifier))
    unwrap(await storage.gc())
    expect(await drain(storage.checkpointIdentifiers())).toEqual([])
    for (const path of foreign) expect(readFileSync(path, 'utf8'), path).toBe('not ours')
    await storage.close()
  })
})

describe.skipIf(process.platform === 'win32')('a symbolic link in a store', () => {
  it('is not followed for writing, be it a file or a directory', async () => {
    const outside = temporaryDirectory()
    const directory = temporaryDirectory()
    writeFileSync(join(outside, 'victim'), 'precious')
    symlinkSync(outside, join(directory, 'linked'))
    symlinkSync(join(outside, 'victim'), join(directory, 'file'))
    const store = unwrap(await FileBlobStore.open(directory))
    const below = await store.put('linked/a', new Uint8Array([1]))
    expect(below).toMatchObject({ error: { code: 'IO_FAILED', details: { reason: 'symlink' } } })
    expect(existsSync(join(outside, 'a'))).toBe(false)
    void (await store.put('file', new Uint8Array([1])))
    expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('precious')
    expect((await drain(store.list())).map(({ key }) => key)).not.toContain('linked/victim')
    unwrap(await store.delete(['file']))
    expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('precious')
    await store.close()
  })

  it('is not followed for reading where a blob belongs', async () => {
    const [outside, directory] = [temporaryDirectory(), temporaryDirectory()]
    writeFileSync(join(outside, 'victim'), 'precious')
    const store = unwrap(await FileBlobStore.open(directory))
    symlinkSync(join(outside, 'victim'), join(directory, 'file'))
    const read = await store.get('file')
    expect(read).toMatchObject({ error: { code: 'IO_FAILED', details: { reason: 'symlink' } } })
    expect(unwrap(await store.head('file'))).toBeUndefined()
    await store.close()
  })

  it('may be the root itself, which is where it points to', async () => {
    const real = temporaryDirectory()
    const link = join(temporaryDirectory(), 'link')
    symlinkSync(real, link)
    const store = unwrap(await FileBlobStore.open(link))
    unwrap(await store.put('a', new Uint8Array([1])))
    expect(readdirSync(real)).toEqual(['a'])
    await store.close()
  })
})

describe('a place that is no directory', () => {
  it('is refused with OPEN_FAILED, and nothing is changed', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'file'), 'precious')
    const opened = await FileBlobStore.open(join(directory, 'file'))
    expect(opened).toMatchObject({ ok: false, error: { code: 'OPEN_FAILED' } })
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('precious')
    mkdirSync(join(directory, 'fine'))
    expect((await FileBlobStore.open(join(directory, 'fine'))).ok).toBe(true)
  })
})

describe('a part of a store', () => {
  it('sweeps what crashed puts left, for the whole medium', async () => {
    const path = temporaryDirectory()
    const store = unwrap(await FileBlobStore.open(path))
    unwrap(await store.put('part/a', new Uint8Array([1])))
    writeFileSync(join(path, 'part', '.tmp-left-1'), 'half')
    const part = prefixed(store, 'part/')
    const later = { olderThanMs: 0, now: () => Date.now() + 60_000 }
    expect(await part.sweep?.(later)).toEqual({ ok: true, value: { deleted: 1 } })
    expect(unwrap(await part.head('a'))?.sizeBytes).toBe(1)
    await part.close()
    expect(await part.sweep?.()).toMatchObject({ ok: false, error: { code: 'CLOSED' } })
    expect('sweep' in prefixed(new MemoryBlobStore(), 'part/')).toBe(false)
  })
})

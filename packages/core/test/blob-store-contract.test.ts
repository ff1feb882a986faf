import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { FileBlobStore } from '../src/file/index.ts'
import { MemoryBlobStore, prefixed, unwrap, type BlobStore } from '../src/index.ts'
import { blobStoreContract, unmetNeeds, type BlobStoreSubject } from '../src/testing/index.ts'

const root = mkdtempSync(join(tmpdir(), 'tidemark-blobs-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Where the files of each store lie. */
const directories = new WeakMap<BlobStore, string>()

async function openFiles(directory: string): Promise<BlobStore> {
  const store = unwrap(await FileBlobStore.open(directory))
  directories.set(store, directory)
  return store
}

const files: BlobStoreSubject = {
  open: () => openFiles(mkdtempSync(join(root, 'store-'))),
  reopen: (store) => openFiles(directories.get(store) ?? ''),
  plantForeign: async (store, name) => {
    const path = join(directories.get(store) ?? '', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'not ours')
  },
}

/** A subject whose stores are a part of another subject's. */
function partOf(subject: BlobStoreSubject, prefix: string): BlobStoreSubject {
  return { open: async () => prefixed(await subject.open(), prefix) }
}

const memory: BlobStoreSubject = { open: () => new MemoryBlobStore() }

const subjects: Record<string, BlobStoreSubject> = {
  MemoryBlobStore: memory,
  FileBlobStore: files,
  'a part of a MemoryBlobStore': partOf(memory, 'tenant-a/'),
  'a part of a FileBlobStore': partOf(files, 'tenant-a/'),
  'a part whose prefix ends within a segment': partOf(memory, 'logs/job-'),
  'a part of a part': partOf(partOf(files, 'outer/'), 'inner.'),
}

for (const [name, subject] of Object.entries(subjects)) {
  const { supports } = await subject.open()
  describe(name, () => {
    for (const { name, needs, run } of blobStoreContract(subject)) {
      const missing = unmetNeeds(needs, supports)
      it.skipIf(missing.length > 0)(missing.length > 0 ? `${name} (${missing.join()})` : name, run)
    }
  })
}

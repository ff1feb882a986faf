import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { FileBlobStore } from '../../src/file/index.ts'
import { MemoryBlobStore, prefixed, unwrap, type BlobStore } from '../../src/index.ts'
import { unmetNeeds, type BlobStoreSubject, type ContractCase } from '../../src/testing/index.ts'

const root = mkdtempSync(join(tmpdir(), 'tidemark-core-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A new directory that is gone after the tests. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(root, 'd-'))
}

/** Where the files of each store lie. */
const directories = new WeakMap<BlobStore, string>()

/** The directory of a store that {@link files} opened. */
export function directoryOf(store: BlobStore): string {
  const directory = directories.get(store)
  if (directory === undefined) throw new Error('not a store of files')
  return directory
}

async function openFiles(directory: string): Promise<BlobStore> {
  const store = unwrap(await FileBlobStore.open(directory))
  directories.set(store, directory)
  return store
}

export const memory: BlobStoreSubject = { open: () => new MemoryBlobStore() }

export const files: BlobStoreSubject = {
  open: () => openFiles(temporaryDirectory()),
  reopen: (store) => openFiles(directoryOf(store)),
  plantForeign: async (store, name) => {
    const path = join(directoryOf(store), name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'not ours')
  },
}

/** A subject whose stores are a part of another subject's. */
export function partOf(subject: BlobStoreSubject, prefix: string): BlobStoreSubject {
  return { open: async () => prefixed(await subject.open(), prefix) }
}

/** A case of any contract. */
type Case = Pick<ContractCase, 'name' | 'run'> & { readonly needs: readonly string[] }

/** Runs every case of a contract as a test; what the subject cannot do is skipped by its reason. */
export function runContract(title: string, cases: readonly Case[], supports: object): void {
  describe(title, () => {
    for (const { name, needs, run } of cases) {
      const unmet = unmetNeeds(needs, supports)
      it.skipIf(unmet.length > 0)(unmet.length > 0 ? `${name} (needs ${unmet.join()})` : name, run)
    }
  })
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap, type BlobStore } from '@tidemark/core'
import { unmetNeeds } from '@tidemark/core/testing'
import { afterAll, describe, it } from 'vitest'
import { openSqliteBlobs } from '../sqlite-blobs.ts'

const root = mkdtempSync(join(tmpdir(), 'tidemark-templates-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const paths = new WeakMap<BlobStore, string>()

/** A path for a SQLite file that is gone after the tests. */
export function newPath(): string {
  return join(mkdtempSync(join(root, 'd-')), 'blobs.db')
}

/** The blobs in a SQLite file; in one of their own by default. */
export function openStore(path: string = newPath()): BlobStore {
  const store = unwrap(openSqliteBlobs(path))
  paths.set(store, path)
  return store
}

/** Another connection to the file of a store. */
export function reopenStore(store: BlobStore): BlobStore {
  const path = paths.get(store)
  if (path === undefined) throw new Error('not a store of these tests')
  return openStore(path)
}

/** A case of any contract. */
interface Case {
  readonly name: string
  readonly needs: readonly string[]
  readonly run: () => Promise<void>
}

/** Runs every case of a contract as a test; what the template cannot do is skipped by its name. */
export function describeCases(title: string, cases: readonly Case[], supports: object): void {
  describe(title, () => {
    for (const { name, needs, run } of cases) {
      const unmet = unmetNeeds(needs, supports)
      it.skipIf(unmet.length > 0)(unmet.length > 0 ? `${name} (needs ${unmet.join()})` : name, run)
    }
  })
}

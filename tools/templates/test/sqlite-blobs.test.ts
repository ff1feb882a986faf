import { writeFileSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import {
  blobStoreContract,
  commitLogContract,
  storageContract,
  type BlobStoreSubject,
} from '@tidemark/core/testing'
import { expect, it } from 'vitest'
import { openSqliteBlobs } from '../sqlite-blobs.ts'
import { describeCases, newPath, openStore, reopenStore } from './support.ts'

const subject: BlobStoreSubject = { open: () => openStore(), reopen: reopenStore }
const sample = openStore()
const { supports } = sample
await sample.close()

describeCases('a SQLite file as a BlobStore', blobStoreContract(subject), supports)

/** Each record is a synced commit; 10 000 of them prove nothing that 1 200 do not. */
const logs = commitLogContract({ open: subject.open, manyRecords: 1200 })
describeCases('a commit log in it', logs, supports)
describeCases('a storage in it', storageContract(subject), supports)

it('refuses a file that is no database, and changes nothing in it', () => {
  const path = newPath()
  writeFileSync(path, 'not a database, and longer than the header of one '.repeat(3))
  const opened = openSqliteBlobs(path)
  expect(opened.ok ? 'ok' : opened.error.code).toBe('OPEN_FAILED')
})

it('gives no version twice, not even to the same bytes after a delete', async () => {
  const store = openStore()
  const versions = new Set<string>()
  for (let n = 0; n < 3; n++) {
    versions.add(unwrap(await store.put('a', new Uint8Array(), { if: 'absent' })).version)
    unwrap(await store.delete('a'))
  }
  expect(versions.size).toBe(3)
  await store.close()
})

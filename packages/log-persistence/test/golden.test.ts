import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { copyOf, filesIn, madeAnew, removeCopies } from '@tidemark/golden'
import Database from 'libsql'
import { afterAll, describe, expect, it } from 'vitest'
import {
  blobPersistence,
  exportLogs,
  findRollbacks,
  importLogs,
  memoryPersistence,
  type LogStatePersistence,
} from '../src/index.ts'
import { libsql, sqlitePersistence } from '../src/sqlite/index.ts'

const golden = join(import.meta.dirname, 'golden')
const anew = madeAnew(join(golden, 'make.mjs'))
afterAll(removeCopies)

const LONG = 'n'.repeat(200)
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What version 1 was given, in the order of the names' bytes. */
const EXPECTED = [
  ['binary', 1, new Uint8Array(300).map((_, i) => i)],
  ['example.com/log', 3, utf8('example.com/log\n3\nroot\n')],
  [LONG, 1, utf8('checkpoint of a long name')],
  ['Ä ✓ log', 1, utf8('checkpoint of a name')],
]

async function everything(store: LogStatePersistence): Promise<unknown[]> {
  const found: unknown[] = []
  for (const id of unwrap(await store.logs())) {
    const { revision, bytes } = unwrap(await store.snapshot(id))
    found.push([id, revision, bytes])
  }
  return found
}

const exportText = (): string => readFileSync(join(golden, 'v1', 'export.jsonl'), 'utf8')

async function exported(store: LogStatePersistence): Promise<string> {
  let text = ''
  for await (const line of exportLogs(store)) text += `${line}\n`
  return text
}

describe('what version 1 wrote', () => {
  it('is read from blobs, with its guard, and gone on with', async () => {
    const medium = unwrap(await FileBlobStore.open(copyOf(join(golden, 'v1', 'blob'))))
    const other = unwrap(await FileBlobStore.open(copyOf(join(golden, 'v1', 'guard'))))
    const [store, guard] = [blobPersistence(medium, { create: 'never' }), blobPersistence(other)]
    expect(unwrap(await store.init()).created).toBe(false)
    expect(await everything(store)).toEqual(EXPECTED)
    expect(unwrap(await findRollbacks(store, guard))).toEqual([])
    expect(await exported(store)).toBe(exportText())
    expect(unwrap(await store.replace('binary', 1, utf8('next'))).revision).toBe(2)
    expect(unwrap(await findRollbacks(memoryPersistence(), guard)).length).toBe(4)
    await medium.close()
    await other.close()
  })

  it('is read from the SQLite file, and gone on with', async () => {
    const path = join(copyOf(join(golden, 'v1')), 'witness.db')
    const store = sqlitePersistence(libsql(Database), path, { create: 'never' })
    expect(unwrap(await store.init()).created).toBe(false)
    expect(await everything(store)).toEqual(EXPECTED)
    expect(await exported(store)).toBe(exportText())
    expect(unwrap(await store.replace('binary', 1, utf8('next'))).revision).toBe(2)
    await store.close()
  })

  it('is imported from the export', async () => {
    const store = memoryPersistence()
    const { imported, skipped } = unwrap(await importLogs(store, exportText().split('\n')))
    expect([imported.length, skipped]).toEqual([4, []])
    // Revisions start anew.
    expect(await everything(store)).toEqual(EXPECTED.map(([id, , bytes]) => [id, 1, bytes]))
  })
})

describe('what is written today', () => {
  it.each(['blob', 'guard'])('is, byte for byte, what version 1 wrote: %s', (name) => {
    expect(filesIn(join(anew, name))).toEqual(filesIn(join(golden, 'v1', name)))
  })

  it('is, byte for byte, the export that version 1 wrote', () => {
    expect(readFileSync(join(anew, 'export.jsonl'), 'utf8')).toBe(exportText())
  })

  // The library decides the bytes of the file, and the clock of the machine its times.
  it('is the schema and, but for their times, the rows that version 1 wrote', () => {
    const then = rowsOf(join(copyOf(join(golden, 'v1')), 'witness.db'))
    expect(then.length).toBe(2 + 3 + 4)
    expect(rowsOf(join(anew, 'witness.db'))).toEqual(then)
  })
})

/** The tables of a database as they were made, and everything in them that does not tell the time. */
function rowsOf(path: string): string[] {
  const db = new Database(path)
  const rows = [
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name",
    "SELECT name, iif(name = 'created_at', '', value) AS value FROM log_persistence_meta ORDER BY name",
    `SELECT hex(log_key) AS log_key, hex(log_id) AS log_id, hex(chkpt) AS chkpt, rev,
       hex(write_id) AS write_id, hex(digest) AS digest, typeof(updated_at) AS updated_at
       FROM log_persistence_state ORDER BY log_key`,
  ].flatMap((sql) => db.prepare(sql).raw().all([]))
  db.close()
  return rows.map((row) => JSON.stringify(row))
}

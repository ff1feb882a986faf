// Made the stores in this folder, with the version that introduced their formats. They are never
// made again: they prove that what was written then can still be read.
// usage: node test/golden/make.mjs <folder>
import { stillClock as clock } from '@tidemark/golden/seeded'
import { mkdirSync, writeFileSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { blobPersistence, exportLogs, guardRollback } from '@tidemark/log-persistence'
import { libsql, sqlitePersistence } from '@tidemark/log-persistence/sqlite'
import Database from 'libsql'

const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
const utf8 = (text) => new TextEncoder().encode(text)

/** One log of several revisions, one of many bytes, and names that no key can hold as they are. */
async function fill(store) {
  for (let n = 0; n < 3; n++) {
    unwrap(await store.replace('example.com/log', n, utf8(`example.com/log\n${n + 1}\nroot\n`)))
  }
  unwrap(await store.replace('binary', 0, new Uint8Array(300).map((_, i) => i)))
  unwrap(await store.replace('Ä ✓ log', 0, utf8('checkpoint of a name')))
  unwrap(await store.replace('n'.repeat(200), 0, utf8('checkpoint of a long name')))
}

// Blobs, and the guard of a rollback beside them.
const medium = unwrap(await FileBlobStore.open(`${folder}/blob`))
const other = unwrap(await FileBlobStore.open(`${folder}/guard`))
const blobs = guardRollback(blobPersistence(medium, { clock }), blobPersistence(other, { clock }), {
  clock,
})
unwrap(await blobs.init())
await fill(blobs)
const lines = []
for await (const line of exportLogs(blobs)) lines.push(`${line}\n`)
writeFileSync(`${folder}/export.jsonl`, lines.join(''))
await blobs.close()
await other.close()
await medium.close()

const sqlite = sqlitePersistence(libsql(Database), `${folder}/witness.db`, { clock })
unwrap(await sqlite.init())
await fill(sqlite)
await sqlite.close()

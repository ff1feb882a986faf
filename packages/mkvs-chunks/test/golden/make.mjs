// Made what is in this folder, with the version that introduced its formats. It is never made again:
// it proves that what was written then can still be read.
// usage: node test/golden/make.mjs <folder>
import '@tidemark/golden/seeded'
import { mkdirSync, writeFileSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import {
  commitTree,
  loadTree,
  newRestorer,
  openNodeDb,
  testNamespace,
  toHex,
  Tree,
} from '@tidemark/mkvs-chunks'
import { openFileCreator } from '@tidemark/mkvs-chunks/file'
import { LevelNodeStore } from '@tidemark/mkvs-chunks/level'
import { MemoryLevel } from 'memory-level'

const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
const namespace = testNamespace('golden')
const utf8 = (text) => new TextEncoder().encode(text)
const views = { keyEncoding: 'view', valueEncoding: 'view' }

async function openDb() {
  const level = new MemoryLevel(views)
  const store = new LevelNodeStore(level, { durable: 'none' })
  return { level, db: unwrap(await openNodeDb({ store, namespace })) }
}

/** Everything in a database, one entry a line: its key and its value in hex, in order. */
async function dump(level, name) {
  const lines = []
  for await (const [key, value] of level.iterator(views)) lines.push(`${toHex(key)} ${toHex(value)}\n`)
  writeFileSync(`${folder}/${name}.level`, lines.join(''))
}

// A database of three versions, of which the first is pruned, the third not finalized; and an
// input-output root beside the state of the second.
const source = await openDb()
const tree = new Tree()
unwrap(tree.insert(utf8(''), utf8('the empty key')))
for (let i = 0; i < 40; i++) unwrap(tree.insert(utf8(`key ${i}`), utf8(`value ${i}`)))
unwrap(tree.insert(utf8('key 1 and more'), new Uint8Array(0)))
const first = unwrap(await commitTree(tree, source.db, { version: 1n })).root
unwrap(await source.db.finalize([first]))
const second = unwrap(await loadTree(source.db, first))
unwrap(second.remove(utf8('key 7')))
unwrap(second.insert(utf8('key 8'), new Uint8Array(300).fill(8)))
const { root } = unwrap(await commitTree(second, source.db, { version: 2n, oldRoot: first }))
const io = new Tree()
unwrap(io.insert(utf8('input'), utf8('1')))
const inputs = unwrap(await commitTree(io, source.db, { version: 2n, type: 2 })).root
unwrap(await source.db.finalize([root, inputs]))
unwrap(await source.db.prune(1n))
const third = unwrap(await loadTree(source.db, root))
unwrap(third.insert(utf8('new'), utf8('one')))
unwrap(await commitTree(third, source.db, { version: 3n, oldRoot: root }))

// Its checkpoints, as the original lays them out: many chunks, and one.
const dir = `${folder}/checkpoints`
const creator = unwrap(await openFileCreator({ dir, db: source.db }))
const many = unwrap(await creator.createCheckpoint(root, 300, 2))
unwrap(await creator.createCheckpoint(inputs, 1 << 20))
await dump(source.level, 'database')

// A database into which half of the chunks were restored.
const target = await openDb()
unwrap(await target.db.startMultipartInsert(2n))
const restorer = newRestorer({ db: target.db })
unwrap(await restorer.startRestore(many))
for (let i = 0; i < many.chunks.length; i += 2) {
  const chunk = { version: 1, root, index: BigInt(i), digest: many.chunks[i] }
  const body = unwrap(await creator.getCheckpointChunk(chunk))
  unwrap(await restorer.restoreChunk(i, unwrap(await body.bytes())))
}
await dump(target.level, 'restoring')
await creator.close()

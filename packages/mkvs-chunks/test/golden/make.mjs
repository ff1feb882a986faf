// Made the file v1.json in this folder, once, with the version that introduced its formats. Golden
// files are never made again: they prove that what was written then can still be read.
// usage: node test/golden/make.mjs > test/golden/v1.json
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import {
  commitTree,
  getChunkMetadata,
  newCreator,
  newRestorer,
  openNodeDb,
  testNamespace,
  toHex,
  Tree,
} from '@tidemark/mkvs-chunks'
import { LevelNodeStore } from '@tidemark/mkvs-chunks/level'
import { MemoryLevel } from 'memory-level'

const namespace = testNamespace('golden')
const utf8 = (text) => new TextEncoder().encode(text)
const open = async () => {
  const level = new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' })
  return { level, db: unwrap(await openNodeDb({ store: new LevelNodeStore(level), namespace })) }
}
const treeOf = (count) => {
  const tree = new Tree()
  for (let i = 0; i < count; i++) unwrap(tree.insert(utf8(`key ${i}`), utf8(`value ${i}`)))
  return tree
}

const source = await open()
const { root } = unwrap(await commitTree(treeOf(12), source.db, { version: 2n }))
const blobs = new MemoryBlobStore()
const creator = newCreator({ store: blobs, db: source.db })
const metadata = unwrap(await creator.createCheckpoint(root, 100, 2))

// A final version, and a restore of the next one that is half done.
const target = await open()
const first = unwrap(await commitTree(treeOf(5), target.db, { version: 1n })).root
unwrap(await target.db.finalize([first]))
unwrap(await target.db.startMultipartInsert(2n))
const restorer = newRestorer({ db: target.db })
unwrap(await restorer.startRestore(metadata))
for (let i = 0; i < 3; i++) {
  const body = unwrap(await creator.getCheckpointChunk(unwrap(getChunkMetadata(metadata, i))))
  unwrap(await restorer.restoreChunk(i, unwrap(await body.bytes())))
}

const level = []
for await (const [key, value] of target.level.iterator()) level.push([toHex(key), toHex(value)])
const files = []
for await (const { key } of blobs.list()) {
  files.push([key, toHex(unwrap(await unwrap(await blobs.get(key)).bytes()))])
}
console.log(JSON.stringify({ level, files }, null, 1))

// node --expose-gc memory-child.mjs build|create|restore <directory> <entries>: prints the peak of its memory.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import {
  commitTree,
  decodeMetadata,
  encodeMetadata,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
  Tree,
} from '@tidemark/mkvs-chunks'
import { openFileCreator } from '@tidemark/mkvs-chunks/file'
import { LevelNodeStore } from '@tidemark/mkvs-chunks/level'
import { ClassicLevel } from 'classic-level'
import { keyOf, valueOf } from './input.mjs'

const [, , doing, home, entries] = process.argv
const count = Number(entries)
const views = { keyEncoding: 'view', valueEncoding: 'view' }
const place = join(home, doing === 'restore' ? 'restored' : 'built')
const store = new LevelNodeStore(new ClassicLevel(place, views), { sync: false })
const db = unwrap(await openNodeDb({ store, namespace: testNamespace('bench') }))
const creator = unwrap(await openFileCreator({ dir: join(home, 'checkpoints'), db }))

let idle = 0
let peak = 0
let looks = 0
const look = () => {
  // What is garbage says when the engine likes to collect, not what the work needs.
  if (looks++ % 25 === 0) globalThis.gc()
  peak = Math.max(peak, memoryBytes())
}
const timer = setInterval(look, 20)
idle = memoryBytes()
const start = performance.now()
if (doing === 'build') {
  const tree = new Tree()
  for (let n = 0; n < count; n++) unwrap(tree.insert(keyOf(n), valueOf(n)))
  const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
  unwrap(await db.finalize([root]))
} else if (doing === 'create') {
  const [root] = db.rootsOf(1n)
  const metadata = unwrap(await creator.createCheckpoint(root, 1024 * 1024))
  writeFileSync(join(home, 'metadata'), encodeMetadata(metadata))
} else {
  const metadata = unwrap(decodeMetadata(readFileSync(join(home, 'metadata'))))
  unwrap(await restoreCheckpoint(metadata, { db, provider: creator }))
}
look()
const seconds = (performance.now() - start) / 1000
clearInterval(timer)
await creator.close()
await db.close()
console.log(JSON.stringify({ bytes: peak - idle, perSecond: count / seconds }))

/** Without the files that the database has mapped: the system takes those back when it wants. */
function memoryBytes() {
  try {
    const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    if (kib !== undefined) return Number(kib) * 1024
  } catch {
    // Another system: then what the engine knows of.
  }
  const { heapTotal, external } = process.memoryUsage()
  return heapTotal + external
}

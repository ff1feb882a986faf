// node --expose-gc memory-child.mjs <what> <directory> <entries>: prints the peaks of its memory.
//   build     a tree in a database, for the others
//   create    its checkpoint            read      the database alone: every node of the tree
//   restore   the checkpoint            write     the database alone: as many bytes, in such batches
import { createHash } from 'node:crypto'
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

const CHUNK_BYTES = 1024 * 1024
/** Every so many calls of the database garbage is collected, while the call's bytes are held. */
const CALLS_PER_LOOK = { batch: 4, getMany: 250 }
const NODES_PER_WRITE = 4096
const NODES_PER_READ = 64

const [, , doing, home, entries] = process.argv
const count = Number(entries)
const views = { keyEncoding: 'view', valueEncoding: 'view' }
const isTarget = doing === 'restore' || doing === 'write'
const level = new ClassicLevel(join(home, isTarget ? doing : 'built'), views)
await level.open()
const checkpoints = join(home, 'checkpoints')
const steps = { build, create, restore, read, write }

const peak = { live: 0, resident: 0 }
const idle = { live: liveBytes(), resident: residentBytes() }
const timer = setInterval(look, 20)
const start = performance.now()
await steps[doing]()
lookAtLive()
const seconds = (performance.now() - start) / 1000
clearInterval(timer)
await level.close()
const above = { live: peak.live - idle.live, resident: peak.resident - idle.resident }
console.log(JSON.stringify({ ...above, perSecond: count / seconds }))

async function build() {
  const tree = new Tree()
  for (let n = 0; n < count; n++) unwrap(tree.insert(keyOf(n), valueOf(n)))
  const db = await opened(level)
  const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
  unwrap(await db.finalize([root]))
}

async function create() {
  const db = await opened()
  const [root] = db.rootsOf(1n)
  const creator = unwrap(await openFileCreator({ dir: checkpoints, db }))
  const metadata = unwrap(await creator.createCheckpoint(root, CHUNK_BYTES))
  writeFileSync(join(home, 'metadata'), encodeMetadata(metadata))
  await creator.close()
}

async function restore() {
  const db = await opened()
  const provider = unwrap(await openFileCreator({ dir: checkpoints, db }))
  const metadata = unwrap(decodeMetadata(readFileSync(join(home, 'metadata'))))
  unwrap(await restoreCheckpoint(metadata, { db, provider }))
  await provider.close()
}

/** Nodes come in the order of their hashes here, which is kinder to the database. */
async function read() {
  let keys = []
  for await (const key of level.keys({ keyEncoding: 'view' })) {
    if (keys.push(key) < NODES_PER_READ) continue
    await level.getMany(keys, views)
    keys = []
  }
}

async function write() {
  const nodes = 2 * count - 1
  for (let at = 0; at < nodes; at += NODES_PER_WRITE) {
    const operations = []
    for (let n = at; n < Math.min(at + NODES_PER_WRITE, nodes); n++) {
      const value = new Uint8Array(n % 2 === 0 ? 111 : 78)
      value.set(keyOf(-n))
      const key = new Uint8Array(33)
      key.set(createHash('sha256').update(`${n}`).digest())
      operations.push({ type: 'put', key, value })
    }
    await level.batch(operations, { ...views, sync: false })
  }
  await read()
}

async function opened(database = watched(level)) {
  const store = new LevelNodeStore(database, { sync: false })
  return unwrap(await openNodeDb({ store, namespace: testNamespace('bench') }))
}

/** The database; what a batch or an answer is made of is counted while it is there. */
function watched(inner) {
  let [batches, reads] = [0, 0]
  return new Proxy(inner, {
    get: (target, name) => {
      const member = target[name]
      if (typeof member !== 'function') return member
      if (name === 'batch') {
        return async (...args) => {
          if (batches++ % CALLS_PER_LOOK.batch === 0) lookAtLive()
          return target.batch(...args)
        }
      }
      if (name !== 'getMany') return member.bind(target)
      return async (...args) => {
        const values = await target.getMany(...args)
        if (reads++ % CALLS_PER_LOOK.getMany === 0) lookAtLive()
        return values
      }
    },
  })
}

function look() {
  peak.resident = Math.max(peak.resident, residentBytes())
}

function lookAtLive() {
  look()
  peak.live = Math.max(peak.live, liveBytes())
}

/** What is reachable from JavaScript, its array buffers included. */
function liveBytes() {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Of the process, without the files that the database has mapped: the system takes those back. */
function residentBytes() {
  try {
    const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    if (kib !== undefined) return Number(kib) * 1024
  } catch {
    // Another system: then with them.
  }
  return process.memoryUsage.rss()
}

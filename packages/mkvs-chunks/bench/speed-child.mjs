// node --expose-gc speed-child.mjs <entries>: seconds of processor time of insert, commit, create
// and restore in memory, and bytes per entry of the tree. As the driver of the original.
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import {
  commitTree,
  MemoryNodeStore,
  newCreator,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
  Tree,
} from '@tidemark/mkvs-chunks'
import { keyOf, valueOf } from './input.mjs'

const CHUNK_BYTES = 8 * 1024 * 1024
/** Start-up is not what is measured: the code is compiled before. */
const WARM_UP_ENTRIES = 20_000
const WARM_UP_ROUNDS = 4
const namespace = testNamespace('bench')

for (let round = 0; round < WARM_UP_ROUNDS; round++) await steps(WARM_UP_ENTRIES)
console.log(JSON.stringify(await steps(Number(process.argv[2]))))

async function steps(count) {
  const before = usedBytes()
  const { tree, insert } = await inserted(count)
  const bytesPerEntry = (usedBytes() - before) / count
  const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  let root
  const commit = await cpuSeconds(async () => {
    root = unwrap(await commitTree(tree, db, { version: 1n })).root
  })
  tree.close()
  const creator = newCreator({ store: new MemoryBlobStore(), db })
  let metadata
  const create = await cpuSeconds(async () => {
    metadata = unwrap(await creator.createCheckpoint(root, CHUNK_BYTES))
  })
  const target = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  const restore = await cpuSeconds(async () => {
    unwrap(await restoreCheckpoint(metadata, { db: target, provider: creator }))
  })
  return { insert, commit, create, restore, bytesPerEntry }
}

/** A function of its own, so that its keys and values are gone afterwards. */
async function inserted(count) {
  const keys = Array.from({ length: count }, (_, n) => keyOf(n))
  const values = Array.from({ length: count }, (_, n) => valueOf(n))
  const tree = new Tree()
  const insert = await cpuSeconds(() => {
    for (let n = 0; n < count; n++) unwrap(tree.insert(keys[n], values[n]))
  })
  return { tree, insert }
}

function usedBytes() {
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Of all threads: what else the machine does counts less than by the clock. */
async function cpuSeconds(run) {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

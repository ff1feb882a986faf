// Create and restore random trees: the identity, through every node store in turn.
//   pnpm soak mkvs-chunks [--seed N] [--runs N] [--minutes N]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import {
  commitTree,
  getChunkMetadata,
  loadTree,
  MemoryNodeStore,
  newCreator,
  newRestorer,
  openNodeDb,
  testNamespace,
  toHex,
  Tree,
} from '@tidemark/mkvs-chunks'
import { LevelNodeStore } from '@tidemark/mkvs-chunks/level'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { option, randomOf, seed, until } from './support/soak.mjs'

const runs = option('runs', 10_000)
const namespace = testNamespace('soak')
const views = { keyEncoding: 'view', valueEncoding: 'view' }
const home = mkdtempSync(join(tmpdir(), 'tidemark-mkvs-trees-'))
const clear = () => rmSync(home, { recursive: true, force: true })
process.on('exit', clear)
let opened = 0
const stores = [
  () => new MemoryNodeStore(),
  () => new LevelNodeStore(new MemoryLevel(views), { durable: 'none' }),
  () => new LevelNodeStore(new ClassicLevel(join(home, `${opened++}`), views), { sync: false }),
]

let [done, violations] = [0, 0]
for (; done < runs && performance.now() < until; done++) {
  const problem = await roundTrip(randomOf(seed * 1_000_003 + done), stores[done % stores.length])
  if (problem === undefined) continue
  violations++
  console.log(`seed ${seed} run ${done}: ${problem}`)
}
console.log(`random trees: ${done} created and restored, seed ${seed}, ${violations} violations`)
process.exit(violations === 0 ? 0 : 1)

async function roundTrip(random, open) {
  const tree = new Tree()
  for (const [key, value] of randomEntries(random)) unwrap(tree.insert(key, value))
  for (const [key] of Array.from(tree.entries())) if (random() < 0.2) unwrap(tree.remove(key))
  const db = unwrap(await openNodeDb({ store: open(), namespace }))
  const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
  const creator = newCreator({ store: new MemoryBlobStore(), db })
  const chunkSize = Math.floor(random() ** 3 * 6000)
  const metadata = unwrap(await creator.createCheckpoint(root, chunkSize, Math.floor(random() * 9)))
  const target = unwrap(await openNodeDb({ store: open(), namespace }))
  unwrap(await target.startMultipartInsert(1n))
  const restorer = newRestorer({ db: target })
  const { pending } = unwrap(await restorer.startRestore(metadata))
  const order = [...pending].sort(() => random() - 0.5)
  for (const [n, index] of order.entries()) {
    const chunk = unwrap(getChunkMetadata(metadata, index))
    const body = unwrap(await creator.getCheckpointChunk(chunk))
    const last = unwrap(await restorer.restoreChunk(index, body.stream()))
    if (last !== (n === order.length - 1)) return `done after ${n + 1} of ${order.length} chunks`
  }
  unwrap(await target.finalize([root]))
  const restored = unwrap(await loadTree(target, root))
  const [a, b] = [toHex(restored.rootHash()), toHex(tree.rootHash())]
  await db.close()
  await target.close()
  clear()
  return a === b ? undefined : `${a} is not ${b}`
}

function randomEntries(random) {
  const entries = []
  const bytes = (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256))
  const count = Math.floor(random() ** 2 * 150)
  for (let i = 0; i < count; i++) {
    const base = entries[Math.floor(random() * entries.length)]?.[0] ?? new Uint8Array(0)
    const shared = base.subarray(0, Math.floor(random() * (base.length + 1)))
    const key = new Uint8Array([...shared, ...bytes(Math.floor(random() * 6))])
    const length = random() < 0.001 ? 70_000 : 40
    entries.push([key, bytes(Math.floor(random() * length))])
  }
  return entries
}

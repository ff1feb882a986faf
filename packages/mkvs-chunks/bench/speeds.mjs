// Insert, commit, create, restore in memory on one thread, run in turn with the original. Speeds
// are per second of processor time, of all threads: what else the machine does counts less.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { inTurn, median, row } from '@tidemark/bench-kit'
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
import { KEY_BYTES, keyOf, VALUE_BYTES, valueOf } from './input.mjs'

const CHUNK_BYTES = 8 * 1024 * 1024
/** The least speed of each step, as a part of the original's. */
const FLOOR = 0.7
const STEPS = ['insert', 'commit', 'create', 'restore']
const namespace = testNamespace('bench')

/** Measures trees of these sizes, the last of them beside the original. */
export async function speeds(sizes) {
  const figures = new Map()
  for (const count of sizes) figures.set(count, await measure(count, count < 1_000_000 ? 5 : 2))
  for (const [from, to] of sizes.slice(1).map((size, i) => [sizes[i], size])) {
    console.log(`\ntime per entry, ${from} to ${to} entries:`)
    for (const step of STEPS) {
      const growth = figures.get(from).ours[step] / figures.get(to).ours[step]
      row(step, '', `${growth.toFixed(2)} times`)
    }
  }
  const kept = sizes.map((count) => `${figures.get(count).bytes.toFixed(0)} (${count})`)
  console.log(`\nbytes per entry of a tree in memory: ${kept.join(', ')}`)
}

async function measure(count, runs) {
  const keys = Array.from({ length: count }, (_, n) => keyOf(n))
  const values = Array.from({ length: count }, (_, n) => valueOf(n))
  const ours = Object.fromEntries(STEPS.map((step) => [step, []]))
  const theirs = Object.fromEntries(STEPS.map((step) => [step, []]))
  const bytes = []
  let canBuild = true
  await inTurn(runs, {
    ours: async (round) => {
      const sample = await once(keys, values)
      if (round < 0) return
      bytes.push(sample.bytes)
      for (const step of STEPS) ours[step].push(count / sample.seconds[step])
    },
    original: (round) => {
      const seconds = canBuild && round >= 0 ? originalSeconds(count) : undefined
      if (seconds === undefined) canBuild &&= round < 0
      else for (const [i, step] of STEPS.entries()) theirs[step].push(count / seconds[i])
    },
  })
  console.log(`\n${count} entries, medians of ${runs} runs, k entries/s (raw MB/s)`)
  if (!canBuild) console.log('the original itself cannot be built here')
  for (const step of STEPS) {
    const mine = median(ours[step])
    if (!canBuild) row(step, show(mine), '')
    else {
      const ratio = mine / median(theirs[step])
      const shown = `${show(mine)}   original ${show(median(theirs[step]))}`
      row(step, shown, ratio.toFixed(2), `at least ${FLOOR}`, ratio >= FLOOR)
    }
  }
  console.log(`yardstick: ${yardstick()} k hashes of 100 bytes a second by the platform`)
  return {
    ours: Object.fromEntries(STEPS.map((step) => [step, median(ours[step])])),
    bytes: median(bytes),
  }
}

async function once(keys, values) {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const tree = new Tree()
  const seconds = {}
  seconds.insert = await cpuSeconds(() => {
    for (const [i, key] of keys.entries()) unwrap(tree.insert(key, values[i]))
  })
  globalThis.gc?.()
  const after = process.memoryUsage()
  const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  let root
  seconds.commit = await cpuSeconds(async () => {
    root = unwrap(await commitTree(tree, db, { version: 1n })).root
  })
  const creator = newCreator({ store: new MemoryBlobStore(), db })
  let metadata
  seconds.create = await cpuSeconds(async () => {
    metadata = unwrap(await creator.createCheckpoint(root, CHUNK_BYTES))
  })
  const target = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  seconds.restore = await cpuSeconds(async () => {
    unwrap(await restoreCheckpoint(metadata, { db: target, provider: creator }))
  })
  const used = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  return { seconds, bytes: used / keys.length }
}

/** The original's own code with its own database, on this machine in this minute. */
function originalSeconds(count) {
  const script = fileURLToPath(new URL('../interop/index.mjs', import.meta.url))
  const options = { encoding: 'utf8', env: { ...process.env, GOMAXPROCS: '1' } }
  const { status, stdout } = spawnSync(process.execPath, [script, 'bench', `${count}`], options)
  return status === 0 ? stdout.trim().split(' ').map(Number) : undefined
}

async function cpuSeconds(run) {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

/** Raw: a leaf and an internal node of about 6 bytes for each entry. */
function show(entriesPerSecond) {
  const raw = (entriesPerSecond * (KEY_BYTES + VALUE_BYTES + 7 + 3 + 6 + 3)) / 1e6
  return `${(entriesPerSecond / 1000).toFixed(0)} (${raw.toFixed(1)})`
}

/** What the platform can do at best. */
function yardstick() {
  const bytes = new Uint8Array(100)
  const start = performance.now()
  for (let i = 0; i < 50_000; i++) createHash('sha512-256').update(bytes).digest()
  return (50_000 / (performance.now() - start)).toFixed(0)
}

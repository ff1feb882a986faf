// Measures the four things a checkpoint costs: insert, commit, create, restore, in memory.
//   node bench/index.mjs            100 000 entries
//   node bench/index.mjs --full     also 1 000 000
// Speeds are per second of processor time. Absolute figures move with the machine; the yardstick and
// the original in the same minute are what they compare to.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
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

const KEY_BYTES = 32
const VALUE_BYTES = 64
const CHUNK_BYTES = 8 * 1024 * 1024
const RUNS = 4

/** The original on a map in memory, without its database and CBOR: recorded on another run. */
const ORIGINAL = {
  100_000: { insert: 280e3, commit: 750e3, create: 36, restore: 50, bytes: 509 },
  1_000_000: { insert: 128e3, commit: 590e3, create: 34.6, restore: 38, bytes: 509 },
}

const namespace = testNamespace('bench')
const sizes = process.argv.includes('--full') ? [100_000, 1_000_000] : [100_000]
for (const count of sizes) await measure(count, count > 100_000 ? 2 : RUNS)

async function measure(count, runs) {
  const keys = input(count, 'key', KEY_BYTES)
  const values = input(count, 'value', VALUE_BYTES)
  const samples = { insert: [], commit: [], create: [], restore: [], bytes: [], yardstick: [] }
  for (let run = 0; run <= runs; run++) {
    const sample = await once(keys, values, count)
    if (run > 0 || runs < 3) for (const name in samples) samples[name].push(sample[name])
  }
  print(count, samples)
}

async function once(keys, values, count) {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const tree = new Tree()
  const insertMs = timed(() => {
    for (let i = 0; i < count; i++) {
      unwrap(
        tree.insert(
          keys.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES),
          values.subarray(i * VALUE_BYTES, (i + 1) * VALUE_BYTES),
        ),
      )
    }
  })
  globalThis.gc?.()
  const after = process.memoryUsage()
  const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  let root
  const commitMs = await timedAsync(async () => {
    root = unwrap(await commitTree(tree, db, { version: 1n })).root
  })
  const creator = newCreator({ store: new MemoryBlobStore(), db })
  let metadata
  const createMs = await timedAsync(async () => {
    metadata = unwrap(await creator.createCheckpoint(root, CHUNK_BYTES))
  })
  const target = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  const restoreMs = await timedAsync(async () => {
    unwrap(await restoreCheckpoint(metadata, { db: target, provider: creator }))
  })
  const rawMb = rawMegabytes(count)
  return {
    insert: (count / insertMs) * 1000,
    commit: (count / commitMs) * 1000,
    create: (rawMb / createMs) * 1000,
    restore: (rawMb / restoreMs) * 1000,
    bytes: (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / count,
    yardstick: yardstick(),
  }
}

/** The original's own code with its own database, on this machine in this minute. */
function originalNow(count) {
  const script = fileURLToPath(new URL('../interop/index.mjs', import.meta.url))
  const options = { encoding: 'utf8', env: { ...process.env, GOMAXPROCS: '1' } }
  const { status, stdout } = spawnSync(process.execPath, [script, 'bench', `${count}`], options)
  if (status !== 0) return undefined
  const [insert, commit, create, restore] = stdout.trim().split(' ').map(Number)
  const raw = rawMegabytes(count)
  return {
    insert: count / insert,
    commit: count / commit,
    create: raw / create,
    restore: raw / restore,
  }
}

/** Bytes of all proof nodes: a leaf and an internal node of about 6 bytes for each entry. */
function rawMegabytes(count) {
  return (count * (KEY_BYTES + VALUE_BYTES + 7 + 3 + 6 + 3)) / 1e6
}

/** Hashes of 100 bytes a second: what the platform can do at best. */
function yardstick() {
  const bytes = new Uint8Array(100)
  const ms = timed(() => {
    for (let i = 0; i < 50_000; i++) createHash('sha512-256').update(bytes).digest()
  })
  return (50_000 / ms) * 1000
}

function print(count, samples) {
  const original = ORIGINAL[count]
  const rows = [
    ['insert, entries/s', 'insert'],
    ['commit, entries/s', 'commit'],
    ['create, raw MB/s', 'create'],
    ['restore, raw MB/s', 'restore'],
    ['memory, bytes/entry', 'bytes'],
  ]
  console.log(`\n${count} entries, medians (p10 .. p90); recorded original beside`)
  for (const [label, name] of rows) {
    const [low, mid, high] = quantiles(samples[name])
    const ratio = mid / original[name]
    console.log(
      `${label.padEnd(22)} ${show(mid).padStart(9)}  (${show(low)} .. ${show(high)})`.padEnd(58),
      `original ${show(original[name]).padStart(7)}   ratio ${ratio.toFixed(2)}`,
    )
  }
  const beside = originalNow(count)
  if (beside === undefined) console.log('the original itself cannot be built here')
  else
    for (const [label, name] of rows.slice(0, 4)) {
      const [, mid] = quantiles(samples[name])
      const ratio = (mid / beside[name]).toFixed(2)
      console.log(
        `${label.padEnd(22)} original with its database, now: ${show(beside[name])}   ratio ${ratio}`,
      )
    }
  const [, hashes] = quantiles(samples.yardstick)
  console.log(`yardstick: ${show(hashes)} createHash calls/s in the same run`)
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return [0.1, 0.5, 0.9].map((q) => sorted[Math.round(q * (sorted.length - 1))])
}

function show(value) {
  return value >= 10_000 ? `${(value / 1000).toFixed(0)} k` : value.toFixed(1)
}

function timed(run) {
  const start = process.cpuUsage()
  run()
  return cpuMs(start)
}

async function timedAsync(run) {
  const start = process.cpuUsage()
  await run()
  return cpuMs(start)
}

/** Processor time, of all threads: what else the machine does counts less than by the clock. */
function cpuMs(start) {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

/** Bytes that look random and are the same in every run. */
function input(count, seed, length) {
  const bytes = new Uint8Array(count * length)
  for (let i = 0; i < count; i++) {
    const digest = createHash('sha512').update(`${seed}:${i}`).digest()
    bytes.set(digest.subarray(0, length), i * length)
  }
  return bytes
}

// Insert, commit, create, restore in memory on one thread, in turn with the original, each time in
// a process of its own. Speeds are per second of processor time.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { inTurn, median, row } from '@tidemark/bench-kit'
import { KEY_BYTES, VALUE_BYTES } from './input.mjs'

/** The least speed of each step, as a part of the original's. */
const FLOOR = 0.7
/** From so many entries on; start-up and the state of caches say more about fewer. */
const FLOOR_ENTRIES = 100_000
const STEPS = ['insert', 'commit', 'create', 'restore']

/** Measures trees of these sizes. */
export async function speeds(sizes) {
  const medians = new Map()
  for (const count of sizes) medians.set(count, await measure(count, count < 1_000_000 ? 5 : 3))
  for (const [i, to] of sizes.slice(1).entries()) {
    const [small, large] = [medians.get(sizes[i]), medians.get(to)]
    console.log(`\ntime per entry, from ${sizes[i]} to ${to} entries`)
    for (const step of STEPS) {
      const [mine, its] = ['ours', 'original'].map((whose) =>
        (small[whose][step] / large[whose][step]).toFixed(2),
      )
      row(step, large.original.insert === undefined ? '' : `original ${its} times`, `${mine} times`)
    }
  }
  const kept = sizes.map((count) => `${medians.get(count).bytesPerEntry.toFixed(0)} of ${count}`)
  console.log(`\nbytes per entry of a tree in memory, before its hashes: ${kept.join(', ')}`)
}

async function measure(count, runs) {
  const samples = { ours: [], original: [] }
  await inTurn(runs, {
    ours: (round) => void (round >= 0 && samples.ours.push(ourSeconds(count))),
    original: (round) => void (round >= 0 && samples.original.push(originalSeconds(count))),
  })
  const originals = samples.original.filter((sample) => sample !== undefined)
  const medianOf = (list, step) =>
    list.length === 0 ? undefined : median(list.map((sample) => sample[step]))
  const speedsOf = (list) =>
    Object.fromEntries(STEPS.map((step) => [step, count / medianOf(list, step)]))
  const ours = speedsOf(samples.ours)
  const original = originals.length === 0 ? {} : speedsOf(originals)
  console.log(`\n${count} entries, medians of ${runs} runs, k entries/s (raw MB/s)`)
  if (originals.length === 0) console.log('the original itself cannot be built here')
  for (const step of STEPS) {
    if (originals.length === 0) {
      row(step, show(ours[step]), '')
      continue
    }
    const ratio = ours[step] / original[step]
    const shown = `${show(ours[step])}   original ${show(original[step])}`
    if (count < FLOOR_ENTRIES) row(step, shown, ratio.toFixed(2))
    else row(step, shown, ratio.toFixed(2), `at least ${FLOOR}`, ratio >= FLOOR)
  }
  console.log(`yardstick: ${yardstick()} k hashes of 100 bytes a second by the platform`)
  return { ours, original, bytesPerEntry: medianOf(samples.ours, 'bytesPerEntry') }
}

function ourSeconds(count) {
  const child = fileURLToPath(new URL('speed-child.mjs', import.meta.url))
  const args = ['--expose-gc', child, `${count}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** The original's own code with its own database, on this machine in this minute. */
function originalSeconds(count) {
  const script = fileURLToPath(new URL('../interop/index.mjs', import.meta.url))
  const options = { encoding: 'utf8', env: { ...process.env, GOMAXPROCS: '1' } }
  const { status, stdout } = spawnSync(process.execPath, [script, 'bench', `${count}`], options)
  if (status !== 0) return undefined
  const seconds = stdout.trim().split(' ').map(Number)
  return Object.fromEntries(STEPS.map((step, i) => [step, seconds[i]]))
}

/** Raw: a leaf and an internal node of about 6 bytes for each entry. */
function show(entriesPerSecond) {
  const raw = (entriesPerSecond * (KEY_BYTES + VALUE_BYTES + 7 + 3 + 6 + 3)) / 1e6
  return `${(entriesPerSecond / 1000).toFixed(0)} (${raw.toFixed(1)})`
}

/** What the platform can do at best. */
function yardstick() {
  const bytes = new Uint8Array(100)
  const start = process.cpuUsage()
  for (let i = 0; i < 50_000; i++) createHash('sha512-256').update(bytes).digest()
  const { user, system } = process.cpuUsage(start)
  return ((50_000 / (user + system)) * 1000).toFixed(0)
}

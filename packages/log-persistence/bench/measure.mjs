import { unwrap } from '@tidemark/core'

/** Each caller works on logs of its own, as a witness of many logs does. */
const LOGS_PER_CALLER = 8

/** Rounds of each kind, one after the other, so that a busy moment hits both. */
const ROUNDS = 3

/** How long a round lasts. */
const ROUND_MS = Number(process.env.TIDEMARK_BENCH_MS ?? 1000)

let counter = 0

/** A signed checkpoint of 200 bytes that was never stored before: unchanged bytes cost nothing. */
function checkpoint() {
  const bytes = new Uint8Array(200)
  new DataView(bytes.buffer).setFloat64(0, ++counter)
  return bytes
}

/** Calls a second of `callers` who never stop asking. */
async function rate(callers, call) {
  let calls = 0
  const begunMs = performance.now()
  const work = Array.from({ length: callers }, async (_, caller) => {
    for (let i = 0; performance.now() - begunMs < ROUND_MS; i++) {
      await call(`log ${caller * LOGS_PER_CALLER + (i % LOGS_PER_CALLER)}`)
      calls += 1
    }
  })
  await Promise.all(work)
  return (calls * 1000) / (performance.now() - begunMs)
}

/** The middle one. */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

/** Measures two ways beside each other, and prints them as a ratio. */
async function compare(label, callers, ours, plain, target) {
  await rate(callers, ours)
  await rate(callers, plain)
  const [oursRates, plainRates] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    plainRates.push(await rate(callers, plain))
    oursRates.push(await rate(callers, ours))
  }
  const [us, them] = [median(oursRates), median(plainRates)]
  const figures = [us, them].map((n) => Math.round(n).toString().padStart(9))
  const ratio = `${(us / them).toFixed(1)}x`.padStart(8)
  const wanted =
    target === undefined ? '' : `wanted ${target}x${us / them < target ? '  MISSED' : ''}`
  console.log(`${label.padEnd(34)}${figures.join('')}${ratio}  ${wanted}`)
}

/** Prints what the columns mean. */
export function printHead() {
  console.log(
    `${''.padEnd(34)}${'ours/s'.padStart(9)}${'plain/s'.padStart(9)}${'ratio'.padStart(8)}`,
  )
}

/** Updates by 1, 8 and 64 callers. */
export async function compareUpdates(name, store, plain, targets) {
  for (const callers of [1, 8, 64]) {
    const label = `${name}: updates, ${callers} caller${callers > 1 ? 's' : ''}`
    const ours = async (id) => unwrap(await store.update(id, checkpoint))
    await compare(label, callers, ours, (id) => plain.update(id, checkpoint), targets[callers])
  }
}

/** Reads by 1 and 64 callers. */
export async function compareReads(name, store, plain) {
  for (const callers of [1, 64]) {
    const label = `${name}: reads, ${callers} caller${callers > 1 ? 's' : ''}`
    await compare(label, callers, async (id) => unwrap(await store.latest(id)), plain.latest)
  }
}

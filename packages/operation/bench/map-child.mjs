// Prints by how much memory in use grows at most while a map runs: after a collection, all kinds.
import { unwrap } from '@tidemark/core'
import { runOperation } from '@tidemark/operation'
import { unsyncedStore } from './stores.mjs'

const [dir = '', count = '0'] = process.argv.slice(2)
const items = Number(count)
function* numbers() {
  for (let n = 0; n < items; n++) yield n
}

const inUse = () => {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
const store = await unsyncedStore(dir)
const before = inUse()
let [most, ran, seen] = [0, 0, 0]
const onEvent = ({ type }) => {
  if (type !== 'stepDone' && type !== 'stepSkipped') return
  seen += 1
  if (seen % 10_000 === 0) most = Math.max(most, inUse() - before)
}
const begun = performance.now()
const options = { store, name: 'map', keepOpen: true, onEvent }
unwrap(
  await runOperation(options, async (ctx) => {
    const map = { key: (n) => n, concurrency: 256, collect: false }
    await ctx.map('item', numbers(), map, (n) => ((ran += 1), n * 2))
    most = Math.max(most, inUse() - before)
  }),
)
const ms = performance.now() - begun
process.stdout.write(JSON.stringify({ growthMib: most / 2 ** 20, ms, ran }))

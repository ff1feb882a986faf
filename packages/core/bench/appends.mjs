import { blobCommitLog, MemoryBlobStore, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { inTurn, row, timeMs, us } from '@tidemark/bench-kit'

const SLICE = 20
const PAYLOAD = new Uint8Array(100)

/** Appends to logs of different lengths, and what opening them costs in reads. */
export async function appends(dir, full) {
  const counts = full ? [10, 1000, 10_000, 100_000] : [10, 1000, 10_000]
  const logs = {}
  for (const count of counts) logs[count] = await logOf(`${dir}/log-${count}`, count)
  const times = await inTurn(
    11,
    Object.fromEntries(counts.map((count) => [count, () => slice(logs[count])])),
  )
  const flat = Math.max(...counts.map((count) => times[count])) / times[10]
  const figures = counts.map((count) => `${count}: ${us(times[count])}`).join(', ')
  row('append after so many records', figures, `${flat.toFixed(2)}×`, 'flat: ≤ 1.5×', flat <= 1.5)
  await readsToOpen(counts)
}

/** The records but for the last few are written without syncs: only their number matters here. */
async function logOf(dir, count) {
  const store = unwrap(await FileBlobStore.open(dir))
  const fast = {
    ...passThrough(store),
    put: (key, body, o) => store.put(key, body, { ...o, durable: false }),
  }
  const filling = blobCommitLog(fast, 'log.')
  let tip
  for (let i = 0; i < count; i++) tip = unwrap(await filling.append(tip, PAYLOAD))
  const log = blobCommitLog(store, 'log.')
  return { log, tip: unwrap(await log.latest()) }
}

async function slice(held) {
  return (
    (await timeMs(async () => {
      for (let i = 0; i < SLICE; i++) held.tip = unwrap(await held.log.append(held.tip, PAYLOAD))
    })) / SLICE
  )
}

async function readsToOpen(counts) {
  const reads = []
  for (const count of counts) {
    const store = new MemoryBlobStore()
    const filling = blobCommitLog(store, 'log.')
    let tip
    for (let i = 0; i < count; i++) tip = unwrap(await filling.append(tip, PAYLOAD))
    unwrap(await store.delete('log.hint'))
    let calls = 0
    const count1 =
      (call) =>
      (...args) => ((calls += 1), call(...args))
    const counted = {
      ...passThrough(store),
      get: count1(store.get.bind(store)),
      head: count1(store.head.bind(store)),
    }
    unwrap(await blobCommitLog(counted, 'log.').latest())
    reads.push(`${count}: ${calls}`)
    if (calls > 64) process.exitCode = 1
  }
  const most = Math.max(...reads.map((each) => Number(each.split(': ')[1])))
  row('reads to open, hint lost', reads.join(', '), most, '≤ 64', most <= 64)
}

function passThrough(store) {
  return {
    supports: store.supports,
    put: (...args) => store.put(...args),
    putMany: (...args) => store.putMany(...args),
    get: (...args) => store.get(...args),
    head: (...args) => store.head(...args),
    list: (...args) => store.list(...args),
    delete: (...args) => store.delete(...args),
  }
}

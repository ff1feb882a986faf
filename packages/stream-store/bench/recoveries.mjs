import { row, timeMs, us, median } from '@tidemark/bench-kit'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { createManifest, openStreamStore } from '../dist/index.js'

/** Recovery among many checkpoints of which the newest are damaged: it pays for these alone. */
export async function recoveries(dir) {
  const costs = new Map()
  for (const count of [10, 1_000, 10_000]) {
    const medium = unwrap(await FileBlobStore.open(`${dir}/recover-${count}`))
    // The checkpoints are written without syncs: only their number matters here.
    const fast = Object.assign(Object.create(medium), {
      supports: medium.supports,
      put: (key, body, options) => medium.put(key, body, { ...options, durable: false }),
    })
    for (const call of ['get', 'head', 'list', 'delete']) fast[call] = medium[call].bind(medium)
    const store = unwrap(await openStreamStore({ store: fast, keep: Infinity }))
    for (let id = 1; id <= count; id++) {
      unwrap(await store.save(createManifest({ checkpointId: id, epoch: id })))
    }
    const revisions = unwrap(await store.inspect()).newest.map(({ revision }) => revision)
    await store.close()
    for (const damaged of [0, 2, 8]) {
      for (const seq of revisions.slice(-damaged, damaged === 0 ? 0 : undefined)) {
        unwrap(await medium.put(recordKey(seq), new Uint8Array(200)))
      }
      const times = []
      for (let round = 0; round < 7; round++) {
        const reader = unwrap(await openStreamStore({ store: medium, mode: 'read' }))
        times.push(
          await timeMs(async () => {
            const report = unwrap(await reader.recoverLatestValidated())
            if (report.chosenId !== BigInt(count - damaged)) throw new Error(`${report.chosenId}`)
          }),
        )
        await reader.close()
      }
      costs.set(`${count}/${damaged}`, median(times))
    }
    await medium.close()
  }
  for (const damaged of [0, 2, 8]) {
    const [few, some, many] = [10, 1_000, 10_000].map((count) => costs.get(`${count}/${damaged}`))
    const ratio = many / few
    const figures = `${us(few)}, ${us(some)}, ${us(many)}`
    const what = `recover among 10, 1 000, 10 000, ${damaged} damaged`
    row(what, figures, `${ratio.toFixed(2)}×`, 'not with n: ≤ 3×', ratio <= 3)
  }
  await reads()
}

function recordKey(seq) {
  return seq <= 1024 ? `log/r${seq}` : `log/r${seq - ((seq - 1) % 1024)}/${seq}`
}

/** Requests of a steady checkpoint, as a bucket would bill them. */
async function reads() {
  const inner = new MemoryBlobStore()
  const calls = { put: 0, get: 0, head: 0, list: 0, delete: 0 }
  const counted = { supports: { ...inner.supports, pins: false } }
  for (const call of Object.keys(calls)) {
    counted[call] = (...args) => ((calls[call] += 1), inner[call](...args))
  }
  const store = unwrap(await openStreamStore({ store: counted, keep: 3 }))
  const save = async (id) =>
    unwrap(
      await store.saveWithState(createManifest({ checkpointId: id, epoch: id }), [
        new Uint8Array(1_000_000).fill(id),
      ]),
    )
  for (let id = 1; id <= 10; id++) await save(id)
  for (const call of Object.keys(calls)) calls[call] = 0
  for (let id = 11; id <= 60; id++) await save(id)
  const per = (call) => (calls[call] / 50).toFixed(2)
  const figures = `${per('put')} writes, ${per('get')} + ${per('head')} reads, ${per('list')} lists`
  const isMet = calls.put <= 100 && calls.list === 0
  row('a steady bucket checkpoint with state', figures, '', '≤ 2 writes, 0 lists', isMet)
  await store.close()
}

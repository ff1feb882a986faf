import { inTurn, row, timeMs, us } from '@tidemark/bench-kit'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { createManifest, openStreamStore } from '../dist/index.js'

const COUNTS = [10, 1_000, 10_000]
const DAMAGED = [0, 2, 8]

/**
 * Recovery after a restart (open, then recover) among many checkpoints of which the newest are
 * damaged: it pays for these alone. The disk's syncs are most of the time, the reads are what counts.
 */
export async function recoveries(dir) {
  const stores = []
  for (const count of COUNTS) {
    const medium = unwrap(await FileBlobStore.open(`${dir}/recover-${count}`))
    stores.push({ count, medium, revisions: await fill(medium, count) })
  }
  const readsOf = new Map()
  for (const damaged of DAMAGED) {
    const candidates = {}
    for (const { count, medium, revisions } of stores) {
      for (const seq of revisions.slice(-damaged, damaged === 0 ? 0 : undefined)) {
        unwrap(await medium.put(recordKey(seq), new Uint8Array(200)))
      }
      candidates[`n${count}`] = async () => {
        const { ms, reads } = await recoverOnce(medium, BigInt(count - damaged))
        readsOf.set(`${count}/${damaged}`, reads)
        return ms
      }
    }
    const times = Object.values(await inTurn(25, candidates))
    const ratio = times.at(-1) / times[0]
    const figures = times.map(us).join(', ')
    const what = `recover among 10, 1 000, 10 000, ${damaged} damaged`
    row(what, figures, `${ratio.toFixed(2)}×`, 'not with n: ≤ 3×', ratio <= 3)
    const reads = COUNTS.map((count) => readsOf.get(`${count}/${damaged}`))
    const isFlat = Math.max(...reads) - Math.min(...reads) <= MOST_HALVINGS
    row('  reads', reads.join(', '), '', `not with n: + ${MOST_HALVINGS} at most`, isFlat)
  }
  const perDamaged = COUNTS.map(
    (count) => (readsOf.get(`${count}/8`) - readsOf.get(`${count}/2`)) / 6,
  )
  const isAlike = Math.max(...perDamaged) === Math.min(...perDamaged)
  row('reads for one more that is damaged', perDamaged.join(', '), '', 'with k, alike', isAlike)
  for (const { medium } of stores) await medium.close()
  await steadyRequests()
}

/** The newest of 10 000 records is found by halving: two reads a step, twice (up, then down). */
const MOST_HALVINGS = 40

/** So many checkpoints, written without syncs: only their number matters here. */
async function fill(medium, count) {
  const fast = viewOf(medium, {
    put: (key, body, options) => medium.put(key, body, { ...options, durable: false }),
  })
  const store = unwrap(await openStreamStore({ store: fast, keep: Infinity }))
  for (let id = 1; id <= count; id++) {
    unwrap(await store.save(createManifest({ checkpointId: id, epoch: id })))
  }
  const revisions = unwrap(await store.inspect()).newest.map(({ revision }) => revision)
  await store.close()
  return revisions
}

async function recoverOnce(medium, expected) {
  let reads = 0
  const counted = viewOf(medium, {
    get: (...args) => ((reads += 1), medium.get(...args)),
    head: (...args) => ((reads += 1), medium.head(...args)),
  })
  const ms = await timeMs(async () => {
    const reader = unwrap(await openStreamStore({ store: counted, mode: 'read' }))
    const report = unwrap(await reader.recoverLatestValidated())
    if (report.chosenId !== expected) throw new Error(`${report.chosenId}`)
    await reader.close()
  })
  return { ms, reads }
}

/** The same medium, with some of its calls replaced. */
function viewOf(medium, replaced) {
  const view = { supports: { ...medium.supports, pins: false } }
  for (const call of ['put', 'get', 'head', 'list', 'delete'])
    view[call] = medium[call].bind(medium)
  return Object.assign(view, replaced)
}

function recordKey(seq) {
  return seq <= 1024 ? `log/r${seq}` : `log/r${seq - ((seq - 1) % 1024)}/${seq}`
}

/** Requests of a steady checkpoint, as a bucket would bill them. */
async function steadyRequests() {
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

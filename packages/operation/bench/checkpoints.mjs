// One checkpoint of 100 bytes with so many earlier ones, beside the original's way of doing it.
import { spawnSync } from 'node:child_process'
import {
  close,
  closeSync,
  fdatasync,
  fsync,
  link,
  linkSync,
  mkdirSync,
  open,
  openSync,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { inTurn, median, row, timeMs, us } from '@tidemark/bench-kit'
import { unwrap } from '@tidemark/core'
import { openOperation } from '@tidemark/operation'
import { buildDriver } from '../interop/build.mjs'
import { fillOriginal, originalOperation } from './original.mjs'
import { syncedStore, unsyncedStore } from './stores.mjs'

/** Rounds before the first that counts: code that ran only a few times is slow. */
const WARM_UP = 10

const ROUNDS = 15

/** Calls of one candidate before the next has its turn. */
const SLICE = 20

/** How much faster than the original, without syncs, with so many earlier checkpoints. */
const FASTER = { 0: 1.5, 1000: 15, 10_000: 150 }

export async function checkpoints(dir, full) {
  const counts = full ? [0, 1000, 10_000, 50_000] : [0, 1000, 10_000]
  const plain = { 'bare calls': unsyncedSlice(`${dir}/unsynced`) }
  const durable = { bare: bareSlice(`${dir}/bare`) }
  const all = []
  for (const count of counts) {
    const ours = await operationOf(`${dir}/unsynced-${count}`, count, unsyncedStore)
    const synced = await operationOf(`${dir}/synced-${count}`, count, syncedStore)
    all.push(ours, synced)
    plain[`ours ${count}`] = () => medianMs((data) => ours.checkpoint('', data))
    plain[`original ${count}`] = originalSlice(`${dir}/original-${count}`, count)
    durable[`synced ${count}`] = () => medianMs((data) => synced.checkpoint('', data))
  }
  // Apart from each other: a sync on the same disk would slow those that do without.
  const times = { ...(await measure(plain)), ...(await measure(durable)) }
  report(counts, times)
  compareWithGo(dir, counts, times)
  for (const each of all) await each.close()
}

async function measure(candidates) {
  await inTurn(WARM_UP, candidates)
  return inTurn(ROUNDS, candidates)
}

function report(counts, times) {
  for (const count of counts) {
    const [us1, their] = [times[`ours ${count}`], times[`original ${count}`]]
    const ratio = their / us1
    const figures = `ours ${us(us1)}, original's way ${us(their)}`
    const target = FASTER[count]
    const what = `checkpoint, not synced, ${count} earlier`
    if (target === undefined) row(what, figures, `${ratio.toFixed(1)}×`)
    else row(what, figures, `${ratio.toFixed(1)}×`, `≥ ${target}×`, ratio >= target)
  }
  const least = times['bare calls']
  row('the bare calls of a create that is whole or absent', us(least), '')
  for (const kind of ['ours', 'synced']) {
    const figures = counts.map((count) => `${count}: ${us(times[`${kind} ${count}`])}`).join(', ')
    const flat = Math.max(...counts.map((count) => times[`${kind} ${count}`] / times[`${kind} 0`]))
    row(
      `checkpoint, ${kind === 'ours' ? 'not synced' : 'durable'}`,
      figures,
      `${flat.toFixed(2)}×`,
      'flat: ≤ 1.5×',
      flat <= 1.5,
    )
  }
  const ratio = times['synced 0'] / times.bare
  const figures = `ours ${us(times['synced 0'])}, bare ${us(times.bare)}`
  row(
    'durable checkpoint beside the bare calls',
    figures,
    `${ratio.toFixed(2)}×`,
    '≤ 1.3×',
    ratio <= 1.3,
  )
}

function compareWithGo(dir, counts, times) {
  const { driver, missing } = buildDriver()
  if (driver === undefined) {
    process.stdout.write(`not compared with the real original: ${missing}\n`)
    return
  }
  for (const count of counts) {
    const place = `${dir}/go-${count}`
    fillOriginal(place, count)
    const reps = count >= 10_000 ? '30' : '100'
    const { stdout } = spawnSync(driver, ['bench', place, '100', reps], { encoding: 'utf8' })
    const theirs = median(stdout.trim().split('\n').map(Number)) / 1000
    const [plain, durable] = [times[`ours ${count}`], times[`synced ${count}`]]
    const figures = `ours ${us(plain)} (durable ${us(durable)}), Go ${us(theirs)}`
    row(
      `checkpoint beside the Go module, ${count} earlier`,
      figures,
      `${(theirs / plain).toFixed(1)}×`,
    )
  }
}

async function operationOf(dir, count, storeOf) {
  const filling = unwrap(
    await openOperation({ store: await unsyncedStore(dir), name: 'bench', staleAfterMs: 100 }),
  )
  const data = new Uint8Array(100)
  for (let i = 0; i < count; i++) unwrap(await filling.checkpoint('', data))
  await filling.close()
  return unwrap(
    await openOperation({ store: await storeOf(dir), name: 'bench', staleAfterMs: 100_000 }),
  )
}

let written = 0

/** The median of single calls; the payload changes with every one. `after` is not measured. */
async function medianMs(call, { count = SLICE, after } = {}) {
  const data = new Uint8Array(100)
  const samples = []
  for (let i = 0; i < count; i++) {
    new DataView(data.buffer).setUint32(0, (written += 1))
    let done
    samples.push(await timeMs(async () => (done = await call(data))))
    if (done?.ok === false) throw done.error
    after?.(done)
  }
  return median(samples)
}

/** The original with exactly so many earlier ones: what a call wrote is taken away again. */
function originalSlice(dir, count) {
  fillOriginal(dir, count)
  const original = originalOperation(dir)
  const after = (name) => unlinkSync(`${dir}/${name}`)
  const few = { count: count >= 10_000 ? 3 : SLICE, after }
  return () => medianMs((data) => original.checkpoint('', data), few)
}

const [openFile, writeTo, datasync, closeFd, linkName, syncAll] = [
  open,
  write,
  fdatasync,
  close,
  link,
  fsync,
].map((f) => promisify(f))

/** The same promise by the bare calls: temporary file, sync, exclusive link, sync. */
function bareSlice(dir) {
  mkdirSync(dir)
  return () =>
    medianMs(async (data) => {
      const name = `${dir}/${written}`
      const fd = await openFile(`${name}.tmp`, 'wx', 0o600)
      await writeTo(fd, data)
      await datasync(fd)
      await closeFd(fd)
      await linkName(`${name}.tmp`, name)
      const dirFd = await openFile(dir, 'r')
      await syncAll(dirFd)
      await closeFd(dirFd)
    })
}

/** Whole or absent, and by one writer, without syncs: no checkpoint in a file can cost less. */
function unsyncedSlice(dir) {
  mkdirSync(dir)
  return () =>
    medianMs(async (data) => {
      const name = `${dir}/${written}`
      const fd = openSync(`${name}.tmp`, 'wx', 0o600)
      writeSync(fd, data)
      closeSync(fd)
      linkSync(`${name}.tmp`, name)
      unlinkSync(`${name}.tmp`)
    })
}

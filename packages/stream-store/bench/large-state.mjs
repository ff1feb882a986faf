import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { mib, row } from '@tidemark/bench-kit'
import { unwrap } from '@tidemark/core'
import { openStreamStore } from '../dist/file/index.js'

const MIB = 2 ** 20
const SLOTS = 8

/** What the machine does to an event loop that has nothing to do. */
const IDLE = `
  const { monitorEventLoopDelay } = require('node:perf_hooks')
  const { workerData } = require('node:worker_threads')
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  setInterval(() => (workerData[0] = delay.percentile(99) / 1e6), 100)
`

/** State larger than memory should be: saved and restored, memory and event loop watched. */
export async function largeState(dir, full) {
  const size = (full ? 10 : 1) * 1024 * MIB
  const store = unwrap(await openStreamStore({ dir: `${dir}/large`, keep: 1 }))
  const delay = monitorEventLoopDelay({ resolution: 5 })
  let peak = 0
  const note = () => (peak = Math.max(peak, process.memoryUsage().rss))
  const source = async function* (vnode) {
    for (let at = 0; at < size / SLOTS; at += MIB) {
      const piece = new Uint8Array(MIB)
      piece[0] = vnode
      piece[1] = at / MIB
      note()
      yield piece
    }
  }
  const idleP99 = new Float64Array(new SharedArrayBuffer(8))
  const idle = new Worker(IDLE, { eval: true, workerData: idleP99 })
  delay.enable()
  const began = performance.now()
  const writer = unwrap(store.begin())
  for (let vnode = 0; vnode < SLOTS; vnode++) {
    unwrap(await writer.put({ operator: 'window', vnode }, source(vnode)))
  }
  const { checkpointId } = unwrap(await writer.commit())
  const saved = performance.now()
  const state = unwrap(await store.openState(checkpointId))
  let read = 0
  for (const slot of state.slots()) {
    for await (const piece of state.stream(slot)) {
      read += piece.length
      note()
    }
  }
  const restored = performance.now()
  delay.disable()
  await idle.terminate()
  if (read !== size) throw new Error('short')
  await state.close()
  await store.close()
  const speed = (ms) => `${((size / MIB / ms) * 1000).toFixed(0)} MiB/s`
  row(
    `${mib(size)} of state`,
    `save ${speed(saved - began)}, restore ${speed(restored - saved)}`,
    '',
  )
  row('  memory of the process, at most', mib(peak), '', '≤ 512 MiB', peak <= 512 * MIB)
  const p99 = delay.percentile(99) / 1e6
  row('  event loop delay, p99', `${p99.toFixed(1)} ms`, '', '< 20 ms', p99 < 20)
  row('  the same of a thread that did nothing meanwhile', `${idleP99[0].toFixed(1)} ms`, '')
}

import { inTurn, row, timeMs } from '@tidemark/bench-kit'
import { unwrap } from '@tidemark/core'
import { openStreamStore } from '../dist/file/index.js'
import { encodeManifest } from '../dist/index.js'
import { originalSave } from './original.mjs'
import { chunksOf, manifestOf } from './workload.mjs'

const KIB = 1024
const MIB = 1024 * KIB
const SIZES = [
  { name: '1 KiB', size: KIB, rounds: 41, goal: 1.6 },
  { name: '1 MiB', size: MIB, rounds: 25, goal: 1 },
  { name: '10 MiB', size: 10 * MIB, rounds: 13, goal: 1 },
  { name: '100 MiB', size: 100 * MIB, rounds: 7, goal: 1 },
]

/** Save of an 18 KB manifest with state, against the original's sequence of six syncs. */
export async function saves(dir) {
  for (const { name, size, rounds, goal } of SIZES) {
    const store = unwrap(await openStreamStore({ dir: `${dir}/ours-${size}`, keep: 2, graceMs: 0 }))
    let id = 0
    const chunks = chunksOf(size, 1)
    // Every save writes other bytes: a medium must not be able to do nothing.
    const change = () => {
      id += 1
      chunks[0][0] = id
      chunks[0][1] = id >> 8
      return manifestOf(id)
    }
    const { ours, original } = await inTurn(rounds, {
      ours: () => {
        const manifest = change()
        return timeMs(async () => unwrap(await store.saveWithState(manifest, chunks)))
      },
      original: () => {
        const manifest = change()
        return timeMs(() => {
          const text = new TextDecoder().decode(unwrap(encodeManifest(manifest, 'pretty')))
          return originalSave(`${dir}/original-${size}`, id % 3, text, chunks)
        })
      },
    })
    await store.close()
    const ratio = original / ours
    const figures = `${ours.toFixed(2)} ms / original ${original.toFixed(2)} ms`
    row(`save with ${name} of state`, figures, `${ratio.toFixed(2)}×`, `≥ ${goal}×`, ratio >= goal)
  }
}

import { rmSync } from 'node:fs'
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
  { name: '100 MiB', size: 100 * MIB, rounds: 9, goal: 1 },
]

/**
 * Save of an 18 KB manifest with state, against the original's sequence of six syncs. What is given
 * up is deleted after each save, outside of its time, on both sides.
 */
export async function saves(dir) {
  for (const { name, size, rounds, goal } of SIZES) {
    const store = unwrap(await openStreamStore({ dir: `${dir}/ours-${size}`, keep: 2, graceMs: 0 }))
    const original = `${dir}/original-${size}`
    let id = 0
    const chunks = chunksOf(size, 1)
    // Every save writes other bytes: a medium must not be able to do nothing.
    const change = () => {
      id += 1
      chunks[0][0] = id
      chunks[0][1] = id >> 8
      return manifestOf(id)
    }
    const times = await inTurn(rounds, {
      ours: async () => {
        const manifest = change()
        const ms = await timeMs(async () => unwrap(await store.saveWithState(manifest, chunks)))
        unwrap(await store.collect())
        return ms
      },
      original: async () => {
        const manifest = change()
        const ms = await timeMs(() => {
          const text = new TextDecoder().decode(unwrap(encodeManifest(manifest, 'pretty')))
          return originalSave(original, id, text, chunks)
        })
        const name = `checkpoint_${String(id).padStart(6, '0')}`
        rmSync(`${original}/checkpoints/${name}`, { recursive: true })
        return ms
      },
    })
    await store.close()
    const ratio = times.original / times.ours
    const figures = `${times.ours.toFixed(2)} ms / original ${times.original.toFixed(2)} ms`
    row(`save with ${name} of state`, figures, `${ratio.toFixed(2)}×`, `≥ ${goal}×`, ratio >= goal)
  }
}

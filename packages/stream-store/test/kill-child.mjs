// Saves in a loop until it is killed, and says so after each: `begin <id>` before a save, `ack <id>`
// when it was acknowledged. Its parent checks that every line is true afterwards.
import { writeSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { openLaminarStore, openStreamStore } from '../dist/file/index.js'
import { createManifest } from '../dist/index.js'
import { stateOf } from './support/kill-state.mjs'

const [dir, layout, first, seed] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const pick = (width) => Math.floor(random() * width)

const store = unwrap(
  layout === 'native'
    ? await openStreamStore({ dir, keep: 2, graceMs: 0, orphanMinAgeMs: 0 })
    : await openLaminarStore({ dir, maxRetained: 2, orphanMinAgeMs: 0 }),
)

async function saveInSlots(manifest, bytes) {
  const writer = unwrap(store.begin({ ...manifest }))
  const cut = pick(bytes.length)
  unwrap(await writer.put({ operator: 'window', vnode: 0 }, bytes.subarray(0, cut)))
  unwrap(await writer.put({ operator: 'window', vnode: 1 }, bytes.subarray(cut)))
  return writer.commit()
}

writeSync(1, 'ready\n')
for (let id = BigInt(first); ; id += 1n) {
  const manifest = createManifest({ checkpointId: id, epoch: id, timestampMs: 1, watermark: id })
  const bytes = stateOf(id)
  writeSync(1, `begin ${id}\n`)
  const inSlots = layout === 'native' && pick(2) === 0
  unwrap(
    inSlots ? await saveInSlots(manifest, bytes) : await store.saveWithState(manifest, [bytes]),
  )
  writeSync(1, `ack ${id}\n`)
  if (pick(6) === 0) unwrap(await store.cleanupOrphans())
}

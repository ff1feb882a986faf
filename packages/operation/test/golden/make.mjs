// Made the operations in this folder, with the version that introduced their format. They are never
// made again: they prove that what was written then can still be read.
// usage: node test/golden/make.mjs <folder>
import { stillClock as clock } from '@tidemark/golden/seeded'
import { text, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { openOperation, runOperation } from '@tidemark/operation'

const store = unwrap(await FileBlobStore.open(process.argv[2]))
const open = async (name, options = {}) =>
  unwrap(await openOperation({ store, name, clock, stageAboveBytes: 1000, ...options }))

// Checkpoints of every kind, one of them staged; compacted; gone on by the next owner.
let op = await open('import/Ä')
for (const page of [1, 2, 3]) unwrap(await op.checkpoint(`page ${page}`, { page, offset: page * 4096 }))
unwrap(await op.checkpoint('bytes', new Uint8Array([0, 255])))
unwrap(await op.compact({ keepLast: 2, keepLabels: ['page 1'] }))
unwrap(await op.checkpoint('staged', new Uint8Array(5000).fill(7)))
await op.close()
op = await open('import/Ä', { codec: text, version: 2 })
unwrap(await op.checkpoint('of a codec', 'Ärger'))
await op.close()

/** Runs steps and stops before the operation is completed. */
async function stopped(name, body) {
  const run = await runOperation({ store, name, clock, stageAboveBytes: 1000, keepOpen: true }, body)
  unwrap(run)
}

// Steps: results inside records and staged, none, one with a key, one that failed twice first.
let failures = 0
await stopped('crawl', async (ctx) => {
  await ctx.step('list', () => ['a', 'b'])
  await ctx.step('nothing', () => undefined)
  await ctx.step('large', () => 'x'.repeat(3000))
  await ctx.map('read', ['a', 'bc'], { key: (each) => each, concurrency: 1 }, (each) => each.length)
  await ctx.step('flaky', { retry: { maxAttempts: 5, initialMs: 1 } }, () => {
    failures += 1
    if (failures < 3) throw new Error(`failure ${failures}`)
    return 'at last'
  })
})

// More steps than a fold leaves alone.
await stopped('folded', async (ctx) => {
  for (let n = 0; n < 300; n++) await ctx.step(`s${n}`, () => n)
})

// A completed one, and one that began anew.
op = await open('done')
unwrap(await op.checkpoint('only', 1))
unwrap(await op.complete({ files: 3, none: null }))
await op.close()
op = await open('again')
unwrap(await op.checkpoint('of another life', 'gone'))
unwrap(await op.clear())
unwrap(await op.checkpoint('of this one', 'here'))
await op.close()
await store.close()

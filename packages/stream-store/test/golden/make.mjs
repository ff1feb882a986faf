// Made the stores in this folder, with the version that introduced their formats. They are never
// made again: they prove that what was written then can still be read.
// usage: node test/golden/make.mjs <folder>
import { stillClock as clock } from '@tidemark/golden/seeded'
import { prefixed, unwrap } from '@tidemark/core'
import { FileBlobStore, nodeFileSystem } from '@tidemark/core/file'
import { createManifest, externalState, inlineState, openStreamStore } from '@tidemark/stream-store'
import { openLaminarStore } from '@tidemark/stream-store/file'

const folder = process.argv[2]

/** A manifest in which every field says something. */
function manifestOf(id) {
  return createManifest({
    checkpointId: id,
    epoch: id * 10,
    sourceOffsets: {
      orders: { offsets: { 'partition-0': `${id}00`, 'partition-1': '7' }, metadata: { topic: 'o' } },
    },
    sinkEpochs: { warehouse: id },
    sinkCommitStatuses: { warehouse: 'committed', audit: { failed: 'refused' } },
    tableOffsets: { rates: { offsets: { lsn: 'A/1' }, epoch: 3 } },
    operatorStates: { count: inlineState(new Uint8Array([1, 2, 3])), sum: externalState(0n, 100n) },
    tableStoreCheckpointPath: '/tables/7',
    watermark: -9_000_000_000_000_000_000n,
    sourceWatermarks: { orders: 18n },
    sourceNames: ['orders'],
    sinkNames: ['audit', 'warehouse'],
    pipelineHash: 18_000_000_000_000_000_000n,
    vnodeCount: 16,
  })
}

const medium = unwrap(await FileBlobStore.open(`${folder}/native`))
const open = async (options) =>
  unwrap(await openStreamStore({ store: prefixed(medium, 'a/'), clock, ...options }))

let store = await open({ keep: 3 })
const large = new Uint8Array(70_000).map((_, i) => i % 251)
unwrap(await store.save(createManifest({ checkpointId: 1, epoch: 1 })))
unwrap(await store.saveWithState(createManifest({ checkpointId: 2, epoch: 2 }), [large]))
unwrap(await store.saveWithState(manifestOf(3), [large, new Uint8Array([1, 2, 3])]))
await store.close()

store = await open({ keep: 2 })
const writer = unwrap(store.begin({ sourceNames: ['clicks'] }))
unwrap(await writer.put('small', new Uint8Array([9])))
unwrap(await writer.put({ operator: 'window', vnode: 1 }, new Uint8Array(66_000).fill(1)))
unwrap(await writer.put({ operator: 'window', vnode: 2 }, new Uint8Array(66_000).fill(2)))
unwrap(await writer.commit())
unwrap(await store.saveWithState(createManifest({ checkpointId: 5, epoch: 50 }), [large]))
unwrap(await store.recordSinkStatus(5n, { warehouse: 'committed' }))
unwrap(await store.saveStateData(6n, [new Uint8Array([4, 5])]))
await store.close()
await medium.close()

const dir = `${folder}/laminar`
const laminar = unwrap(await openLaminarStore({ dir, clock, fileSystem: nodeFileSystem }))
unwrap(await laminar.save(createManifest({ checkpointId: 1, epoch: 1 })))
unwrap(await laminar.saveWithState(manifestOf(2), [new Uint8Array(100).fill(3)]))
await laminar.close()

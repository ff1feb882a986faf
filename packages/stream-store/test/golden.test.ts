import { join } from 'node:path'
import { prefixed, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { copyOf, filesIn, madeAnew, removeCopies } from '@tidemark/golden'
import { afterAll, expect, it } from 'vitest'
import { openLaminarStore } from '../src/file/index.ts'
import {
  createManifest,
  externalState,
  inlineState,
  openStreamStore,
  type CheckpointManifest,
} from '../src/index.ts'

const golden = join(import.meta.dirname, 'golden')
afterAll(removeCopies)

const large = new Uint8Array(70_000).map((_, i) => i % 251)

/** The manifest in which every field says something. */
function fullManifest(id: number, stateChecksum: string | undefined): CheckpointManifest {
  return createManifest({
    checkpointId: id,
    epoch: id * 10,
    timestampMs: 1_700_000_000_000,
    sourceOffsets: {
      orders: {
        offsets: { 'partition-0': `${id}00`, 'partition-1': '7' },
        metadata: { topic: 'o' },
      },
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
    ...(stateChecksum === undefined ? {} : { stateChecksum }),
  })
}

it('reads the store that version 1 wrote: manifests, state, slots, what is given up', async () => {
  const medium = unwrap(await FileBlobStore.open(copyOf(join(golden, 'v1', 'native'))))
  const store = unwrap(await openStreamStore({ store: prefixed(medium, 'a/'), mode: 'read' }))
  const { newest, garbageBlobs, orphans, damaged, nextId } = unwrap(await store.inspect())
  const shown = newest.map((each) => `${each.checkpointId} ${each.epoch} ${each.status}`)
  expect({ shown, garbageBlobs, orphans, damaged, nextId }).toMatchInlineSnapshot(`
    {
      "damaged": [],
      "garbageBlobs": 1,
      "nextId": 7n,
      "orphans": [
        6n,
      ],
      "shown": [
        "3 30 unsettled",
        "4 31 committed",
        "5 50 committed",
      ],
    }
  `)

  const manifest = unwrap(await store.loadById(3n))
  expect(manifest).toEqual(fullManifest(3, manifest?.stateChecksum))
  const both = new Uint8Array([...large, 1, 2, 3])
  expect(unwrap(await store.loadStateData(3n))).toEqual(both)
  expect(unwrap(await store.validateCheckpoint(3n)).issues).toMatchInlineSnapshot(`
    [
      {
        "message": "vnode_count is 16, the running system has 256",
        "severity": "warning",
      },
      {
        "message": "the last 69903 bytes of state belong to no operator",
        "severity": "warning",
      },
    ]
  `)

  const state = unwrap(await store.openState(4n))
  const slots: unknown[] = []
  for (const vnode of [undefined, 1, 2]) {
    const name = vnode === undefined ? 'small' : { operator: 'window', vnode }
    let bytes = 0
    let sum = 0
    for await (const piece of state?.stream(name) ?? []) {
      bytes += piece.length
      for (const byte of piece) sum += byte
    }
    slots.push([vnode, bytes, sum])
  }
  expect(slots).toEqual([
    [undefined, 1, 9],
    [1, 66_000, 66_000],
    [2, 66_000, 132_000],
  ])
  await state?.close()
  expect(unwrap(await store.loadStateData(5n))).toEqual(large)
  const latest = unwrap(await store.loadLatest())
  expect([latest?.checkpointId, latest?.sinkCommitStatuses.get('warehouse')]).toEqual([
    5n,
    'committed',
  ])
  await store.close()
  await medium.close()
})

it('goes on writing what version 1 wrote', async () => {
  const medium = unwrap(await FileBlobStore.open(copyOf(join(golden, 'v1', 'native'))))
  const store = unwrap(await openStreamStore({ store: prefixed(medium, 'a/') }))
  const manifest = createManifest({ checkpointId: 6, epoch: 60 })
  unwrap(await store.save(manifest))
  expect(unwrap(await store.loadStateData(6n))).toEqual(new Uint8Array([4, 5]))
  const next = unwrap(store.begin())
  expect(unwrap(await next.commit()).checkpointId).toBe(7n)
  await store.close()
  await medium.close()
})

it('reads the directory in the layout of the original that version 1 wrote', async () => {
  const dir = copyOf(join(golden, 'v1', 'laminar'))
  const store = unwrap(await openLaminarStore({ dir }))
  expect(unwrap(await store.listIds())).toEqual([1n, 2n])
  const manifest = unwrap(await store.loadLatest())
  expect(manifest).toEqual(fullManifest(2, manifest?.stateChecksum))
  expect(unwrap(await store.loadStateData(2n))).toEqual(new Uint8Array(100).fill(3))
  const { valid, issues } = unwrap(await store.validateCheckpoint(2n))
  expect({ valid, issues }).toMatchInlineSnapshot(`
    {
      "issues": [
        {
          "message": "vnode_count is 16, the running system has 256",
          "severity": "warning",
        },
      ],
      "valid": true,
    }
  `)
  await store.close()
})

it('writes today, byte for byte, what version 1 wrote', () => {
  const made = filesIn(madeAnew(join(golden, 'make.mjs')))
  expect(made).toEqual(filesIn(join(golden, 'v1')))
})

import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { expect, it } from 'vitest'
import { createManifest, openStreamStore } from '../src/index.ts'

it('works', async () => {
  const medium = new MemoryBlobStore()
  const store = unwrap(await openStreamStore({ store: medium, keep: 2, graceMs: 0 }))
  for (let id = 1; id <= 5; id++) {
    unwrap(
      await store.saveWithState(createManifest({ checkpointId: id, epoch: id }), [
        new Uint8Array(200_000).fill(id),
      ]),
    )
  }
  expect(unwrap(await store.listIds())).toEqual([4n, 5n])
  const w = unwrap(store.begin())
  unwrap(await w.put('a', new Uint8Array([1])))
  unwrap(await w.put({ operator: 'b', vnode: 3 }, [new Uint8Array(3_000_000).fill(7)]))
  console.log(unwrap(await w.commit()))
  const s = unwrap(await store.openState(6n))
  console.log(s?.slots(), unwrap(await s!.bytes({ operator: 'b', vnode: 3 })).length)
  await s!.close()
  console.log(
    unwrap(await store.recoverLatestValidated()),
    unwrap(await store.inspect()),
    unwrap(await store.collect()),
  )
  const keys = []
  for await (const { key, sizeBytes } of medium.list()) keys.push(`${key} ${sizeBytes}`)
  console.log(keys)
  await store.close()
})

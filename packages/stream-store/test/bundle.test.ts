import { fileURLToPath } from 'node:url'
import { bundle, runBundle } from '@tidemark/test-setup/bundle'
import { expect, it } from 'vitest'

const home = fileURLToPath(new URL('..', import.meta.url))

it('bundled for a browser it saves and restores', async () => {
  const bundled = await bundle(
    `import { MemoryBlobStore, unwrap } from '@tidemark/core'
     import { openStreamStore } from '@tidemark/stream-store'
     const store = unwrap(await openStreamStore({ store: new MemoryBlobStore() }))
     const writer = unwrap(store.begin({ sourceOffsets: { s: { offsets: { p: '42' } } } }))
     unwrap(await writer.put('large', new Uint8Array(3_000_000).fill(7)))
     const { checkpointId } = unwrap(await writer.commit())
     const state = unwrap(await store.openState(checkpointId))
     const offset = state.manifest.sourceOffsets.get('s').offsets.get('p')
     export const seen = [offset, unwrap(await state.bytes('large')).length]
     await state.close()
     await store.close()`,
    { home, conditions: ['browser'] },
  )
  expect(await runBundle(bundled)).toMatchObject({ seen: ['42', 3_000_000] })
})

import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { bundle, runBundle } from '@tidemark/test-setup/bundle'
import { describe, expect, it } from 'vitest'

/** The size of the smallest useful import, gzipped. Raised only in the commit that needs it. */
const RESULT_CEILING_BYTES = 1500

const home = fileURLToPath(new URL('..', import.meta.url))

describe('the portable entry, bundled', () => {
  it('for Node uses its digest', async () => {
    const code = "export * from '@tidemark/core'"
    const { fromNode } = await bundle(code, { home, conditions: ['node'] })
    expect(new Set(fromNode)).toEqual(new Set(['node:crypto']))
  })

  it('works, without Node, in a scope that has only what the web has', async () => {
    const bundled = await bundle(
      `import { MemoryStorage, unwrap } from '@tidemark/core'
       const storage = new MemoryStorage()
       unwrap(await storage.save('a', { x: 1, big: new Uint8Array(100000) }))
       const loaded = unwrap(await storage.loadCheckpoint('a'))
       export const seen = [unwrap(await loaded.get('x')), unwrap(await loaded.getBytes('big')).length]
       await loaded.close()`,
      { home, conditions: ['browser'] },
    )
    expect(await runBundle(bundled)).toMatchObject({ seen: [1, 100_000] })
  })

  it(`of ok, err and unwrap takes at most ${RESULT_CEILING_BYTES} bytes gzipped`, async () => {
    const code = "export { ok, err, unwrap } from '@tidemark/core'"
    const { text } = await bundle(code, { home, conditions: ['browser'] })
    expect(gzipSync(text).length).toBeLessThanOrEqual(RESULT_CEILING_BYTES)
  })
})

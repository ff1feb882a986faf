import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** The size of the smallest useful import, gzipped. Raised only in the commit that needs it. */
const RESULT_CEILING_BYTES = 1500

const home = fileURLToPath(new URL('..', import.meta.url))

/** Bundles the built package as an application would; what it would load from Node is listed. */
async function bundle(code: string, conditions: string[]) {
  const fromNode: string[] = []
  const built = await build({
    stdin: { contents: code, resolveDir: home, loader: 'js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions,
    plugins: [
      {
        name: 'node modules',
        setup: (plugin) => {
          plugin.onResolve({ filter: /^node:/ }, ({ path }) => {
            fromNode.push(path)
            return { path, external: true }
          })
        },
      },
    ],
  })
  return { text: built.outputFiles[0]?.text ?? '', fromNode }
}

describe('the portable entry, bundled', () => {
  for (const conditions of [['browser'], ['default'], ['worker', 'browser']]) {
    it(`for ${conditions.join(' and ')} holds nothing of Node`, async () => {
      const { text, fromNode } = await bundle("export * from '@tidemark/core'", conditions)
      expect(text.length).toBeGreaterThan(1000)
      expect(fromNode).toEqual([])
      expect(/\bnode:|\bBuffer\b/.exec(text)?.[0]).toBeUndefined()
      const testing = await bundle("export * from '@tidemark/core/testing'", conditions)
      expect(testing.fromNode).toEqual([])
    })
  }

  it('for Node uses its digest', async () => {
    const { fromNode } = await bundle("export * from '@tidemark/core'", ['node'])
    expect(new Set(fromNode)).toEqual(new Set(['node:crypto']))
  })

  it('works, without Node, in a scope that has only what the web has', async () => {
    const { text } = await bundle(
      `import { MemoryStorage, unwrap } from '@tidemark/core'
       const storage = new MemoryStorage()
       unwrap(await storage.save('a', { x: 1, big: new Uint8Array(100000) }))
       const loaded = unwrap(await storage.loadCheckpoint('a'))
       export const seen = [unwrap(await loaded.get('x')), unwrap(await loaded.getBytes('big')).length]
       await loaded.close()`,
      ['browser'],
    )
    const url = `data:text/javascript,${encodeURIComponent(text)}`
    const loaded: unknown = await import(/* @vite-ignore */ url)
    expect(loaded).toMatchObject({ seen: [1, 100_000] })
  })

  it(`of ok, err and unwrap takes at most ${RESULT_CEILING_BYTES} bytes gzipped`, async () => {
    const { text } = await bundle("export { ok, err, unwrap } from '@tidemark/core'", ['browser'])
    expect(gzipSync(text).length).toBeLessThanOrEqual(RESULT_CEILING_BYTES)
  })
})

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

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

describe.each([[['browser']], [['default']], [['worker', 'browser']]])(
  'bundled for %s',
  (conditions) => {
    it.each(['@tidemark/stream-store', '@tidemark/stream-store/testing'])(
      '%s holds nothing of Node',
      async (entry) => {
        const { text, fromNode } = await bundle(`export * from '${entry}'`, conditions)
        expect(text.length).toBeGreaterThan(1000)
        expect(fromNode).toEqual([])
        expect(/\bnode:|\bBuffer\b|\bprocess\./.exec(text)?.[0]).toBeUndefined()
      },
    )
  },
)

it('bundled for a browser it saves and restores', async () => {
  const { text } = await bundle(
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
    ['browser'],
  )
  const url = `data:text/javascript,${encodeURIComponent(text)}`
  const loaded: unknown = await import(/* @vite-ignore */ url)
  expect(loaded).toMatchObject({ seen: ['42', 3_000_000] })
})

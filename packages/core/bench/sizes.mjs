import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { row } from '@tidemark/bench-kit'

const ENTRIES = [
  ['ok, err, unwrap', "export { err, ok, unwrap } from '@tidemark/core'", 1500],
  ['all of .', "export * from '@tidemark/core'", undefined],
]

/** What a bundle for a browser gains by importing us. */
export async function sizes() {
  for (const [what, contents, ceiling] of ENTRIES) {
    const stdin = { contents, resolveDir: import.meta.dirname, loader: 'js' }
    const out = await build({
      stdin,
      bundle: true,
      minify: true,
      format: 'esm',
      write: false,
      platform: 'browser',
    })
    const bytes = gzipSync(out.outputFiles[0].contents).length
    const target = ceiling === undefined ? undefined : `≤ ${ceiling} B`
    row(`size of ${what}`, `${bytes} B gzip`, '', target, bytes <= (ceiling ?? Infinity))
  }
}

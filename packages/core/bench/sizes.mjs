import { gzipSync } from 'node:zlib'
import { row } from '@tidemark/bench-kit'
import { bundle } from '@tidemark/test-setup/bundle'

const ENTRIES = [
  ['ok, err, unwrap', "export { err, ok, unwrap } from '@tidemark/core'", 1500],
  ['all of .', "export * from '@tidemark/core'", undefined],
]

/** What a bundle for a browser gains by importing us. */
export async function sizes() {
  for (const [what, contents, ceiling] of ENTRIES) {
    const options = { home: import.meta.dirname, conditions: ['browser'] }
    const bytes = gzipSync((await bundle(contents, options)).text).length
    const target = ceiling === undefined ? undefined : `≤ ${ceiling} B`
    row(`size of ${what}`, `${bytes} B gzip`, '', target, bytes <= (ceiling ?? Infinity))
  }
}

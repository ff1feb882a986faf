// Puts blobs until it is killed, and says so after each: `<key> <length>`.
// usage: node kill-child.mjs <module> <path> <run>
import { writeSync } from 'node:fs'
import { unwrap } from '@tidemark/core'

const [module, path, run] = process.argv.slice(2)
const { openSqliteBlobs } = await import(module)
const store = unwrap(openSqliteBlobs(path))

writeSync(1, 'ready\n')
for (let n = 0; ; n++) {
  const key = `run-${run}/blob-${n}`
  const length = n % 7 === 0 ? 200_000 : n
  unwrap(await store.put(key, new Uint8Array(length).fill(n), { if: 'absent' }))
  writeSync(1, `${key} ${length}\n`)
}

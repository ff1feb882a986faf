// Puts 1 GiB and reads it back, and prints what that took. A process of its own: see large-blobs.mjs.
import { unwrap } from '@tidemark/core'
import { S3BlobStore } from '@tidemark/s3'

const { accessKeyId, secretAccessKey, ...place } = JSON.parse(process.env.TIDEMARK_BENCH_SERVER)
const PIECE = new Uint8Array(1024 * 1024).fill(7)
const PIECES = 1024

const store = unwrap(
  await S3BlobStore.open({ ...place, credentials: { accessKeyId, secretAccessKey } }),
)
const startMib = mib(process.resourceUsage().maxRSS * 1024)

async function* body() {
  for (let i = 0; i < PIECES; i++) {
    PIECE[0] = i % 251
    yield PIECE
  }
}

const began = performance.now()
unwrap(await store.put('one-gibibyte', body()))
const put = performance.now()
let bytes = 0
for await (const piece of unwrap(await store.get('one-gibibyte')).stream()) bytes += piece.length
const got = performance.now()
unwrap(await store.delete('one-gibibyte'))
if (bytes !== PIECES * PIECE.length) throw new Error(`${bytes} bytes came back`)
const peakMib = mib(process.resourceUsage().maxRSS * 1024)
process.stdout.write(JSON.stringify({ upMs: put - began, downMs: got - put, startMib, peakMib }))

function mib(count) {
  return Math.round(count / 1024 / 1024)
}

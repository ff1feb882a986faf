// A real server without conditional writes: OpenStack Swift with s3api. It is refused before the
// first write; vouched for as the only writer's, it keeps checkpoints. Some seconds.
// node packages/s3/soak/swift.mjs [--seed 1] [--runs 20] [--minutes N]. Exit code 77: no Swift here.
import { soak, skip } from '@tidemark/bench-kit/soak'
import { openStorage, unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { createBucket, startSwift, Unavailable } from '@tidemark/gateway'
import { formatCard, S3BlobStore } from '@tidemark/s3'
import { AwsClient } from 'aws4fetch'
import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'

const MIB = 1024 * 1024

/** More than one request takes: it goes up in parts. */
const LARGE_BYTES = 17 * MIB

const begun = performance.now()
const server = await startSwift().catch((error) => {
  if (!(error instanceof Unavailable)) throw error
  skip(`${error.message}: ${error.cause?.message}`)
})
const seconds = ((performance.now() - begun) / 1000).toFixed(1)
const description = `OpenStack Swift ${server.version}`
process.stdout.write(`${description}, up in ${seconds} s\n`)

const place = { region: 'us-east-1', bucket: 'tidemark', endpoint: server.endpoint }
const { accessKeyId, secretAccessKey } = server
const keys = { accessKeyId, secretAccessKey }

/** Below a prefix: one run sees nothing of another. */
function open(prefix, options = {}) {
  return S3BlobStore.open({ ...place, credentials: keys, prefix, ...options })
}

/** What a bare listing of the whole bucket says. */
async function listing() {
  const client = new AwsClient({ ...keys, region: place.region, service: 's3', retries: 0 })
  const answer = await client.fetch(`${place.endpoint}/${place.bucket}?list-type=2`)
  strictEqual(answer.status, 200)
  return answer.text()
}

/** It answers 501 to the first create that is tried: nothing was ever written. */
async function isRefused(prefix) {
  const puts = []
  const watching = async (url, init) => {
    const answer = await fetch(url, init)
    if (init.method === 'PUT' || init.method === 'POST') puts.push([init.method, answer.status])
    return answer
  }
  const refused = await open(prefix, { runtime: { fetch: watching } })
  strictEqual(refused.error?.code, 'UNSUPPORTED')
  deepStrictEqual(refused.error.details, { feature: 'create-only' })
  deepStrictEqual(
    puts.filter(([method]) => method === 'PUT'),
    [['PUT', 501]],
  )
  ok(!(await listing()).includes(prefix), 'something was written')
}

/** Commits of one writer, read back by the next. */
async function keepsCheckpoints(prefix, random) {
  const store = unwrap(await open(prefix, { exclusiveWriter: true }))
  const { createOnly, crossProcess } = store.supports
  deepStrictEqual(
    { createOnly, crossProcess },
    { createOnly: 'exclusive-writer', crossProcess: false },
  )
  const state = { page: Math.floor(random() * 1e9) }
  const storage = openStorage(store)
  unwrap(await storage.save('job', { page: -1 }))
  unwrap(await storage.save('job', state, { ifExists: 'replace' }))
  strictEqual((await storage.save('job', { page: -2 })).error?.code, 'CHECKPOINT_ALREADY_EXISTS')
  await store.close()

  const next = unwrap(await open(prefix, { exclusiveWriter: true }))
  const loaded = unwrap(await openStorage(next).loadCheckpoint('job'))
  strictEqual(unwrap(await loaded.get('page')), state.page)
  await loaded.close()
  await next.close()
}

/** A blob in parts comes back whole, and is gone when it is deleted. */
async function keepsLargeBlobs(prefix) {
  const store = unwrap(await open(prefix, { exclusiveWriter: true }))
  const bytes = Uint8Array.from({ length: LARGE_BYTES }, (_, i) => i % 251)
  unwrap(await store.put('large', bytes))
  const blob = unwrap(await store.get('large'))
  ok(isDeepStrictEqual(unwrap(await blob.bytes()), bytes), 'other bytes came back')
  unwrap(await store.delete(['large']))
  strictEqual(unwrap(await store.head('large')), undefined)
  await store.close()
}

try {
  await createBucket({ ...place, ...keys })
  await soak(`refused, then one writer's, on ${description}`, 20, async (run, own) => {
    const prefix = `run-${run}/`
    await isRefused(prefix)
    await keepsCheckpoints(prefix, seededRandom(own))
    if (run === 0) await keepsLargeBlobs(prefix)
  })
  const store = unwrap(await open('card/', { exclusiveWriter: true }))
  process.stdout.write(`${formatCard(store.card)}\n`)
} finally {
  await server.stop()
}

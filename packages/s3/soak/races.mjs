// 32 writers of one name, 10 000 times: one winner each. A quarter of an hour.
// node packages/s3/soak/races.mjs [--runs 10000]
import { unwrap } from '@tidemark/core'
import { openTestEndpoint, race } from '@tidemark/gateway'
import { S3BlobStore } from '@tidemark/s3'
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  strict: false,
  options: { runs: { type: 'string', default: '10000' } },
})
const rounds = Number(values.runs)
const server = await openTestEndpoint()
if (typeof server === 'string') throw new Error(server)
try {
  const { bucket, region, endpoint, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const prefix = `${randomBytes(8).toString('hex')}/`
  const open = async () =>
    unwrap(await S3BlobStore.open({ bucket, region, endpoint, credentials, prefix }))
  const stores = [await open(), await open()]
  for (let round = 0; round < rounds; round++) await race(stores, `round-${round}`)
  process.stdout.write(`${server.description}: ${rounds} races of 32, one winner each\n`)
} finally {
  await server.stop()
}

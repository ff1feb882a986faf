// 32 writers of one name, 10 000 times: one winner each. A quarter of an hour. Every other race
// begins at once; in the rest each writer waits for up to 20 ms, as the seed says.
// node packages/s3/soak/races.mjs [--seed 1] [--runs 10000] [--minutes N]
import { soak, skip } from '@tidemark/bench-kit/soak'
import { unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { openTestEndpoint, race } from '@tidemark/gateway'
import { S3BlobStore } from '@tidemark/s3'
import { randomBytes } from 'node:crypto'

const LONGEST_PAUSE_MS = 20

const server = await openTestEndpoint()
if (typeof server === 'string') skip(server)
try {
  const { bucket, region, endpoint, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const prefix = `${randomBytes(8).toString('hex')}/`
  const open = async () =>
    unwrap(await S3BlobStore.open({ bucket, region, endpoint, credentials, prefix }))
  const stores = [await open(), await open()]
  await soak(`races of 32 on ${server.description}`, 10_000, async (round, own) => {
    const random = seededRandom(own)
    const pauseMs = () => (round % 2 === 0 ? 0 : random() * LONGEST_PAUSE_MS)
    await race(stores, `round-${round}`, pauseMs)
  })
} finally {
  await server.stop()
}

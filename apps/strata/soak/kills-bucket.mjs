// Fifty kills of a run that keeps everything in a bucket.
import { randomBytes } from 'node:crypto'
import { skip } from '@tidemark/bench-kit/soak'
import { openTestEndpoint } from '@tidemark/gateway'
import { soakKills } from './support/kills.mjs'

const server = await openTestEndpoint()
if (typeof server === 'string') skip(server)
const environment = {
  AWS_ACCESS_KEY_ID: server.accessKeyId,
  AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
  AWS_REGION: server.region,
  AWS_ENDPOINT_URL_S3: server.endpoint,
}
try {
  await soakKills(`strata, kill -9, ${server.description}`, () => {
    return { store: `s3://${server.bucket}/${randomBytes(6).toString('hex')}`, environment }
  })
} finally {
  await server.stop()
}

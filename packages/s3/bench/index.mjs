// pnpm bench s3: ratios in one run against the same requests bare through the signer, on the server
// that S3_TEST_ENDPOINT names or on a gateway of its own. Needs the built packages.
import { openTestEndpoint } from '@tidemark/gateway'
import { commits } from './commits.mjs'
import { largeBlobs } from './large-blobs.mjs'

const server = await openTestEndpoint()
if (typeof server === 'string') {
  process.stderr.write(`no S3 server to measure against: ${server}\n`)
  process.exit(1)
}
try {
  process.stdout.write(`on ${server.description}\n`)
  await commits(server)
  await largeBlobs(server)
} finally {
  await server.stop()
}

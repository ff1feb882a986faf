import { randomBytes } from 'node:crypto'
import { unwrap } from '@tidemark/core'
import { S3BlobStore } from '@tidemark/s3'
import type { SharedEndpoint } from '@tidemark/gateway/vitest-setup'
import { inject } from 'vitest'

const server: SharedEndpoint | string = inject('server')

/** Whether there is no server to test with; the set-up said why. */
export const hasNoServer = typeof server === 'string'

/** A part of the bucket that nobody else uses. */
export async function openBucket(): Promise<S3BlobStore> {
  if (typeof server === 'string') throw new Error(server)
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const prefix = `${randomBytes(8).toString('hex')}/`
  return unwrap(await S3BlobStore.open({ endpoint, region, bucket, credentials, prefix }))
}

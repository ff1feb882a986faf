import { unwrap } from '@tidemark/core'
import { blobStoreContract } from '@tidemark/core/testing'
import { it } from 'vitest'
import { awsSdkClient } from '../src/aws-sdk/index.ts'
import { S3BlobStore } from '../src/index.ts'
import { describeServer, freshPrefix, theServer } from './support.ts'

async function open(): Promise<S3BlobStore> {
  const { bucket, endpoint, region, accessKeyId, secretAccessKey } = theServer()
  const credentials = { accessKeyId, secretAccessKey }
  const config = { endpoint, region, credentials, forcePathStyle: true }
  const client = awsSdkClient({ bucket, config })
  return unwrap(await S3BlobStore.over({ client, prefix: freshPrefix() }))
}

describeServer('a bucket as a BlobStore, over the AWS SDK', () => {
  for (const { name, run } of blobStoreContract({ open })) it(name, run)
})

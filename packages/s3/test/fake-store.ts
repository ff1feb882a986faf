import { unwrap } from '@tidemark/core'
import { S3BlobStore, type S3ClientOptions } from '../src/index.ts'
import type { FakeBucket } from './fake-bucket.ts'

/** Pauses that take no time. */
export const AT_ONCE = { sleep: async (): Promise<void> => undefined }

/** A store on a bucket in memory, opened before anything goes wrong. */
export async function storeOn(
  bucket: FakeBucket,
  options: Partial<S3ClientOptions> = {},
): Promise<S3BlobStore> {
  const common = { client: bucket.client(), runtime: AT_ONCE }
  const store = unwrap(await S3BlobStore.over({ ...common, ...options }))
  bucket.calls.length = 0
  return store
}

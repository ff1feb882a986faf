import { type AsyncResult, type BlobStore } from '@tidemark/core'
import { FileBlobStore, type OpenFileError } from '@tidemark/core/file'
import type { OpenS3Error, S3Environment } from '@tidemark/s3'

/** Why a store cannot be opened. No message holds a credential. */
export type OpenStoreError = OpenFileError | OpenS3Error

/** How an address in a bucket begins. */
const BUCKET = 's3://'

/** Whether a store lies in a bucket, not in a directory. */
export function isBucket(location: string): boolean {
  return location.startsWith(BUCKET)
}

/**
 * Opens the medium that everything is kept on: a part of a bucket for `s3://bucket/prefix`, else a
 * directory, which is made if need be. After this line nothing in Strata knows which of the two it
 * is. The credentials of a bucket come from the environment, by the names that the AWS tools have.
 */
export async function openStore(
  location: string,
  environment: S3Environment,
): AsyncResult<BlobStore, OpenStoreError> {
  if (!isBucket(location)) return FileBlobStore.open(location)
  // Loaded when it is needed: most runs keep everything in a directory.
  const { openS3Url } = await import('@tidemark/s3')
  return openS3Url(location, environment)
}

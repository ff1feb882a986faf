import { coreError, err, ok, type AsyncResult, type CoreError, type Result } from '@tidemark/core'
import { S3BlobStore } from '../s3-blob-store.ts'
import type { OpenS3Error } from './open-context.ts'
import type { S3Options, S3StoreOptions } from './s3-options.ts'

/** Environment variables, by the names that the AWS tools have. */
export type S3Environment = Readonly<Record<string, string | undefined>>

/** The parts of the options that an address and the environment give. */
type Addressed = Pick<S3Options, 'bucket' | 'endpoint' | 'region' | 'credentials'> & {
  readonly prefix: string
}

/**
 * Opens `s3://bucket/prefix` with what the environment says: `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` (or `AWS_DEFAULT_REGION`) and
 * `AWS_ENDPOINT_URL_S3` (or `AWS_ENDPOINT_URL`) for a service other than AWS.
 *
 * Fails as {@link S3BlobStore.open} does, and with `INVALID_ARGUMENT` for what is missing.
 *
 * @example
 * import { openS3Url } from '@tidemark/s3'
 *
 * const store = await openS3Url('s3://backups/team-a', {})
 * store.ok // => false
 */
export async function openS3Url(
  url: string,
  environment: S3Environment,
  options: S3StoreOptions = {},
): AsyncResult<S3BlobStore, OpenS3Error> {
  const addressed = readS3Url(url, environment)
  if (!addressed.ok) return addressed
  const prefix = addressed.value.prefix + (options.prefix ?? '')
  return S3BlobStore.open({ ...options, ...addressed.value, prefix })
}

/** Reads what {@link openS3Url} goes by, without any I/O. */
export function readS3Url(
  url: string,
  environment: S3Environment,
): Result<Addressed, CoreError<'INVALID_ARGUMENT'>> {
  const [, bucket, path = ''] = /^s3:\/\/([^/?#@]+)(?:\/([^?#]*))?$/.exec(url) ?? []
  if (bucket === undefined) return err(missing('url', 's3://bucket or s3://bucket/prefix'))
  const read = (...names: string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== '')
  const accessKeyId = read('AWS_ACCESS_KEY_ID')
  const secretAccessKey = read('AWS_SECRET_ACCESS_KEY')
  if (accessKeyId === undefined) return err(missing('AWS_ACCESS_KEY_ID', 'set'))
  if (secretAccessKey === undefined) return err(missing('AWS_SECRET_ACCESS_KEY', 'set'))
  const endpoint = read('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  const region = read('AWS_REGION', 'AWS_DEFAULT_REGION')
  return ok({
    bucket,
    prefix: path === '' || path.endsWith('/') ? path : `${path}/`,
    credentials: { accessKeyId, secretAccessKey, sessionToken: read('AWS_SESSION_TOKEN') },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  })
}

function missing(argument: string, reason: string): CoreError<'INVALID_ARGUMENT'> {
  return coreError('INVALID_ARGUMENT', `${argument} must be ${reason}`, { argument, reason })
}

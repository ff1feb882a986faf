import { httpObjectClient } from '../client/http-client.ts'
import type { ObjectClient } from '../client/object-client.ts'
import type { S3Options } from './s3-options.ts'

/** The client that signs its requests itself. */
export function makeClient(options: S3Options): ObjectClient {
  const { bucket, region = 'us-east-1', credentials, runtime = {} } = options
  const endpoint = new URL(options.endpoint ?? `https://s3.${region}.amazonaws.com`)
  // A dot in a bucket's name makes a host that no certificate covers.
  const pathStyle = options.pathStyle ?? (options.endpoint !== undefined || bucket.includes('.'))
  const base = endpoint.href.replace(/\/$/, '')
  const target = {
    bucketUrl: pathStyle ? `${base}/${bucket}` : hostedUrl(endpoint, bucket),
    region,
    credentials: typeof credentials === 'function' ? credentials : async () => credentials,
    now: runtime.now ?? Date.now,
    fetch: runtime.fetch ?? fetch,
    signingKeys: new Map<string, ArrayBuffer>(),
  }
  return httpObjectClient(target, `s3://${bucket} at ${base}`)
}

function hostedUrl(endpoint: URL, bucket: string): string {
  const url = new URL(endpoint)
  url.host = `${bucket}.${url.host}`
  return url.href.replace(/\/$/, '')
}

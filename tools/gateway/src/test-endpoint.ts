import { AwsClient } from 'aws4fetch'
import { randomBytes } from 'node:crypto'
import { startGateway } from './start-gateway.ts'
import { Unavailable } from './unavailable.ts'

/** A server to test against, with an empty bucket of its own. */
export interface TestEndpoint {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly bucket: string
  /** What it is, for the report of a run. */
  readonly description: string
  readonly stop: () => Promise<void>
}

/**
 * The server of this run: the one that `S3_TEST_ENDPOINT` names (with `S3_TEST_ACCESS_KEY_ID`,
 * `S3_TEST_SECRET_ACCESS_KEY` and, if need be, `S3_TEST_REGION` and an existing `S3_TEST_BUCKET`),
 * else a gateway of our own. Gives the reason as a string where there is neither; in CI that is a
 * failure.
 */
export async function openTestEndpoint(): Promise<TestEndpoint | string> {
  const given = givenEndpoint()
  if (given !== undefined) return given
  try {
    const gateway = await startGateway()
    const region = 'us-east-1'
    const bucket = `tidemark-${randomBytes(6).toString('hex')}`
    await createBucket({ ...gateway, region, bucket })
    const description = `Ceph RADOS Gateway ${gateway.version}`
    return { ...gateway, region, bucket, description, stop: () => gateway.stop() }
  } catch (error) {
    if (!(error instanceof Unavailable) || process.env['CI'] === 'true') throw error
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
    return error.message + cause
  }
}

function givenEndpoint(): TestEndpoint | undefined {
  const { env } = process
  const endpoint = env['S3_TEST_ENDPOINT']
  if (endpoint === undefined || endpoint === '') return undefined
  return {
    endpoint,
    region: env['S3_TEST_REGION'] ?? 'us-east-1',
    accessKeyId: env['S3_TEST_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['S3_TEST_SECRET_ACCESS_KEY'] ?? '',
    bucket: env['S3_TEST_BUCKET'] ?? 'tidemark-test',
    description: endpoint,
    stop: async () => undefined,
  }
}

/** Makes a bucket on a server that has none. */
export async function createBucket(
  at: Pick<TestEndpoint, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey' | 'bucket'>,
): Promise<void> {
  const client = new AwsClient({ ...at, service: 's3', retries: 5 })
  const answer = await client.fetch(`${at.endpoint}/${at.bucket}`, { method: 'PUT' })
  if (!answer.ok) throw new Error(`the bucket could not be made: ${answer.status}`)
}

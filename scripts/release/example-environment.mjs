// What the programs of READMEs find in their environment: a bucket on a real server, where one runs.

/** Starts the server; `bucket` is undefined where there is none. */
export async function exampleEnvironment() {
  const { openTestEndpoint } = await import('../../tools/gateway/dist/index.js')
  const endpoint = await openTestEndpoint()
  if (typeof endpoint === 'string') {
    process.stderr.write(`*** SKIPPED: ${endpoint}\n`)
    return { environment: {}, bucket: undefined, stop: async () => undefined }
  }
  const environment = {
    AWS_ENDPOINT_URL_S3: endpoint.endpoint,
    AWS_REGION: endpoint.region,
    AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
  }
  return { environment, bucket: endpoint.bucket, stop: endpoint.stop }
}

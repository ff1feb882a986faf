import { openTestEndpoint } from '@tidemark/gateway'
import { serverOrReason, startMariadb, startPostgres } from '@tidemark/servers'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** What programs of the documentation read from their environment. */
    environment: Record<string, string>
    /** The bucket that stands in for the one they name. */
    bucket: string
    /** What is not there: the name of a variable, and why. */
    missing: Record<string, string>
  }
}

/** Starts the servers that examples talk to, and says loudly which is missing. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const environment: Record<string, string> = {}
  const missing: Record<string, string> = {}
  const stops: (() => Promise<void>)[] = []
  for (const { variable, name, start, database } of DATABASES) {
    const server = await serverOrReason(name, start)
    if ('missing' in server) missing[variable] = server.missing
    else {
      environment[variable] = `${name}://${server.user}@127.0.0.1:${server.port}/${database}`
      stops.push(() => server.stop())
    }
  }
  const endpoint = await openTestEndpoint()
  if (typeof endpoint === 'string') missing['AWS_ENDPOINT_URL_S3'] = endpoint
  else {
    environment['AWS_ENDPOINT_URL_S3'] = endpoint.endpoint
    environment['AWS_REGION'] = endpoint.region
    environment['AWS_ACCESS_KEY_ID'] = endpoint.accessKeyId
    environment['AWS_SECRET_ACCESS_KEY'] = endpoint.secretAccessKey
    stops.push(endpoint.stop)
  }
  for (const reason of Object.values(missing)) process.stderr.write(`\n*** SKIPPED: ${reason}\n\n`)
  project.provide('environment', environment)
  project.provide('missing', missing)
  project.provide('bucket', typeof endpoint === 'string' ? '' : endpoint.bucket)
  return async () => {
    for (const stop of stops) await stop()
  }
}

const DATABASES = [
  { variable: 'DATABASE_URL', name: 'postgres', start: startPostgres, database: 'postgres' },
  { variable: 'MYSQL_URL', name: 'mysql', start: startMariadb, database: 'test' },
] as const

import { openTestEndpoint } from '@tidemark/gateway'
import type { TestProject } from 'vitest/node'

/** The server that all tests of this run share, as far as it can be sent to where they run. */
export interface SharedEndpoint {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly description: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The server, or why there is none. */
    server: SharedEndpoint | string
  }
}

/** Starts the server before the tests and stops it after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const opened = await openTestEndpoint()
  if (typeof opened === 'string') {
    process.stderr.write(`\n*** SKIPPED: every test against a real S3 server: ${opened}\n\n`)
    project.provide('server', opened)
    return async () => undefined
  }
  const { stop, ...server } = opened
  process.stderr.write(`S3 server of this run: ${server.description}\n`)
  project.provide('server', server)
  return stop
}

import { openTestEndpoint } from './test-endpoint.ts'
import type { ProvidedContext } from 'vitest'
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
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const provide = (server: ProvidedContext['server']): void => project.provide('server', server)
  const opened = await openTestEndpoint()
  if (typeof opened === 'string') {
    process.stderr.write(`\n*** SKIPPED: every test against a real S3 server: ${opened}\n\n`)
    provide(opened)
    return async () => undefined
  }
  const { stop, ...server } = opened
  process.stderr.write(`S3 server of this run: ${server.description}\n`)
  provide(server)
  return stop
}

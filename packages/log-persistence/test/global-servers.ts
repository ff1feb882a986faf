import { serverOrReason, startMariadb, startPostgres, type ServerOrReason } from '@tidemark/servers'
import type { TestProject } from 'vitest/node'

/** What the tests know of a server. */
export type Provided =
  | { readonly port: number; readonly user: string }
  | { readonly missing: string }

declare module 'vitest' {
  interface ProvidedContext {
    postgres: Provided
    mariadb: Provided
  }
}

/** Starts the servers that all test files share, and says loudly which is missing. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = [
    ['postgres', await serverOrReason('PostgreSQL', startPostgres)],
    ['mariadb', await serverOrReason('MariaDB', startMariadb)],
  ] as const
  for (const [name, server] of started) project.provide(name, provided(server))
  return async () => {
    for (const [, server] of started) if ('port' in server) await server.stop()
  }
}

function provided(server: ServerOrReason): Provided {
  if ('missing' in server) {
    process.stderr.write(`\n*** SKIPPED: ${server.missing}\n\n`)
    return server
  }
  return { port: server.port, user: server.user }
}

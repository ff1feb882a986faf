import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseServer } from './database-server.ts'
import { freePort } from './free-port.ts'
import { findPostgres, postgresUser } from './postgres-programs.ts'
import { run, startDaemon, type Daemon } from './run.ts'
import { greets, waitUntil } from './wait-until.ts'

/** The one user. */
const USER = 'tidemark'

/** How a client begins; the answer begins with `R` (and not with `E`) once it may come in. */
const HELLO = helloOf(USER)

/** Starts a new PostgreSQL with one database, `postgres`. Its commits are synced as in production. */
export async function startPostgres(): Promise<DatabaseServer> {
  const other = postgresUser()
  const user = other ?? {}
  const { folder, version } = await findPostgres(user)
  const home = await mkdtemp(join(tmpdir(), 'tidemark-postgres-'))
  if (other !== undefined) await chown(home, other.uid, other.gid)
  const options = { ...user, cwd: home, env: { PATH: process.env['PATH'], LC_ALL: 'C' } }
  const data = join(home, 'data')
  const initial = ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(folder, 'initdb'), initial, options)
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=120']
  const args = ['-D', data, '-p', `${port}`, ...settings.flatMap((setting) => ['-c', setting])]
  const launch = (): Daemon =>
    startDaemon(join(folder, 'postgres'), args, join(home, 'log'), options)
  let daemon = launch()
  const ready = (): Promise<void> =>
    waitUntil('starting PostgreSQL', async () => {
      // The processes of a killed server may still hold its memory: then it exits at once.
      if (daemon.hasExited()) daemon = launch()
      return greets(port, HELLO, 'R')
    })
  await ready()
  return {
    port,
    user: USER,
    version,
    kill: () => daemon.kill(),
    restart: async () => {
      daemon = launch()
      await ready()
    },
    stop: async () => {
      await daemon.kill()
      await rm(home, { recursive: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

function helloOf(user: string): Uint8Array {
  const text = new TextEncoder().encode(`user\0${user}\0database\0postgres\0\0`)
  const hello = new Uint8Array(8 + text.length)
  new DataView(hello.buffer).setUint32(0, hello.length)
  new DataView(hello.buffer).setUint32(4, 3 << 16)
  hello.set(text, 8)
  return hello
}

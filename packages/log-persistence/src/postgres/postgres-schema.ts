import { err, type Result } from '@tidemark/core'
import { openFailed, type InitError } from '../errors.ts'
import type { StoreInfo } from '../log-persistence.ts'
import type { SqlConnection } from '../sql/sql-connection.ts'
import { openTables, type SqlSchema } from '../sql/sql-schema.ts'
import type { StoreLife } from '../store-life.ts'

/** The names of the tables, quoted. */
export interface PostgresTables {
  readonly schema: string | undefined
  readonly state: string
  readonly meta: string
}

/** A name that needs no thought about quoting. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** The tables in a schema, or in whatever the connection has as its first. */
export function tablesIn(schema: string | undefined): PostgresTables {
  if (schema !== undefined && !PLAIN_NAME.test(schema)) {
    throw new TypeError('schema must be a plain name of up to 63 letters, digits and underscores')
  }
  const place = schema === undefined ? '' : `"${schema}".`
  return {
    schema,
    state: `${place}log_persistence_state`,
    meta: `${place}log_persistence_meta`,
  }
}

/** Finds or creates the tables in one transaction, on a server that forgets no commit. */
export async function openPostgresSchema(
  connection: SqlConnection,
  tables: PostgresTables,
  life: StoreLife,
): Promise<Result<StoreInfo, InitError>> {
  const forgetful = await forgetfulness(connection)
  if (forgetful !== undefined) return err(openFailed('database', forgetful))
  await connection.query('BEGIN')
  const opened = await openTables(connection, schemaOf(tables), life)
  await connection.query(opened.ok ? 'COMMIT' : 'ROLLBACK')
  return opened
}

/** Why commits on this server would not last, or not be seen by all; `undefined` for a good one. */
async function forgetfulness(connection: SqlConnection): Promise<string | undefined> {
  const setting = (name: string): string => `current_setting('${name}', true)`
  const { rows } = await connection.query(
    `SELECT ${setting('synchronous_commit')} AS "commit", ${setting('fsync')} AS "fsync",
       ${setting('in_hot_standby')} AS standby`,
  )
  const { commit, fsync, standby } = rows[0] ?? {}
  if (commit === 'off') return 'synchronous_commit is off: a crash would lose commits'
  if (fsync === 'off') return 'fsync is off: a power cut would lose commits'
  if (standby === 'on') return 'it is a standby: connect to the primary'
  return undefined
}

function schemaOf({ schema, state, meta }: PostgresTables): SqlSchema {
  const createSchema = schema === undefined ? [] : [`CREATE SCHEMA IF NOT EXISTS "${schema}"`]
  const first = [
    ...createSchema,
    `CREATE TABLE IF NOT EXISTS ${meta} (
       name TEXT NOT NULL PRIMARY KEY,
       value TEXT NOT NULL,
       noted_at TIMESTAMPTZ NOT NULL DEFAULT now()
     )`,
    `CREATE TABLE IF NOT EXISTS ${state} (
       log_key BYTEA NOT NULL PRIMARY KEY,
       log_id BYTEA NOT NULL,
       chkpt BYTEA NOT NULL,
       rev INT8 NOT NULL,
       write_id BYTEA NOT NULL,
       digest BYTEA NOT NULL,
       updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
     )`,
  ]
  return {
    steps: [first],
    hasTables: async (connection) => {
      const { rows } = await connection.query('SELECT to_regclass($1)::text AS found', [meta])
      return typeof rows[0]?.['found'] === 'string'
    },
    read: async (connection, name) => {
      const sql = `SELECT value FROM ${meta} WHERE name = $1 FOR UPDATE`
      const value = (await connection.query(sql, [name])).rows[0]?.['value']
      return typeof value === 'string' ? value : undefined
    },
    add: async (connection, name, value) => {
      const sql = `INSERT INTO ${meta} (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`
      return (await connection.query(sql, [name, value])).changed === 1
    },
    replace: async (connection, name, value) => {
      await connection.query(`UPDATE ${meta} SET value = $2 WHERE name = $1`, [name, value])
    },
  }
}

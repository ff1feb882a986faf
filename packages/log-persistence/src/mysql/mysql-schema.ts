import { err, type Result } from '@tidemark/core'
import { openFailed, type InitError } from '../errors.ts'
import type { StoreInfo } from '../log-persistence.ts'
import type { SqlConnection } from '../sql/sql-connection.ts'
import { openTables, type SqlSchema } from '../sql/sql-schema.ts'
import type { StoreLife } from '../store-life.ts'
import { mysqlErrno } from './mysql-fault.ts'

/** What a packet holds besides the largest checkpoint, written as hex digits. */
const PACKET_EXTRA_BYTES = 64 * 1024

/** Finds or creates the tables, on a server that forgets no commit. */
export async function openMysqlSchema(
  connection: SqlConnection,
  maxValueBytes: number,
  life: StoreLife,
): Promise<Result<StoreInfo, InitError>> {
  const forgetful = await forgetfulness(connection, maxValueBytes)
  if (forgetful !== undefined) return err(openFailed('database', forgetful))
  const opened = await openTables(connection, SCHEMA, life)
  if (!opened.ok) return opened
  const engine = await engineOf(connection)
  if (engine === 'innodb') return opened
  return err(openFailed('database', `the tables are kept by ${engine}, which has no transactions`))
}

/** Why commits on this server would not last, or not fit; `undefined` for a good one. */
async function forgetfulness(
  connection: SqlConnection,
  maxValueBytes: number,
): Promise<string | undefined> {
  const { rows } = await connection.query(
    `SELECT @@innodb_flush_log_at_trx_commit AS flush, @@log_bin AS has_log,
       @@sync_binlog AS sync, @@max_allowed_packet AS packet, @@read_only AS read_only`,
  )
  const { flush, has_log: hasLog, sync, packet, read_only: readOnly } = rows[0] ?? {}
  if (Number(flush) !== 1) return 'innodb_flush_log_at_trx_commit is not 1: commits would be lost'
  if (Number(hasLog) === 1 && Number(sync) !== 1) return 'sync_binlog is not 1'
  if (Number(readOnly) === 1) return 'it is read-only: connect to the primary'
  const needed = 2 * maxValueBytes + PACKET_EXTRA_BYTES
  if (Number(packet) < needed) return `max_allowed_packet is less than ${needed} bytes`
  return undefined
}

async function engineOf(connection: SqlConnection): Promise<string> {
  const { rows } = await connection.query(
    `SELECT ENGINE AS engine FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'log_persistence_state'`,
  )
  return String(rows[0]?.['engine']).toLowerCase()
}

const FIRST = [
  `CREATE TABLE IF NOT EXISTS log_persistence_meta (
     name VARBINARY(64) NOT NULL PRIMARY KEY,
     value VARBINARY(255) NOT NULL,
     noted_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
   ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS log_persistence_state (
     log_key BINARY(32) NOT NULL PRIMARY KEY,
     log_id VARBINARY(512) NOT NULL,
     chkpt LONGBLOB NOT NULL,
     rev BIGINT UNSIGNED NOT NULL,
     write_id BINARY(16) NOT NULL,
     digest BINARY(32) NOT NULL,
     updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
   ) ENGINE = InnoDB`,
]

const SCHEMA: SqlSchema = {
  // Here a statement that changes a table commits at once: each must bear to be run again.
  steps: [FIRST],
  hasTables: async (connection) => {
    const { rows } = await connection.query(
      `SELECT 1 AS found FROM information_schema.TABLES
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'log_persistence_meta'`,
    )
    return rows.length > 0
  },
  read: async (connection, name) => {
    const sql = `SELECT CAST(value AS CHAR CHARACTER SET utf8mb4) AS value
      FROM log_persistence_meta WHERE name = ?`
    const value = (await connection.query(sql, [name])).rows[0]?.['value']
    return typeof value === 'string' ? value : undefined
  },
  add: async (connection, name, value) => {
    try {
      const sql = 'INSERT INTO log_persistence_meta (name, value) VALUES (?, ?)'
      await connection.query(sql, [name, value])
      return true
    } catch (thrown) {
      if (mysqlErrno(thrown) === DUPLICATE) return false
      throw thrown
    }
  },
  replace: async (connection, name, value) => {
    const sql = 'UPDATE log_persistence_meta SET value = ? WHERE name = ?'
    await connection.query(sql, [value, name])
  },
}

/** A row of this key exists. */
export const DUPLICATE = 1062

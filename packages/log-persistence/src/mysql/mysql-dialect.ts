import { Buffer } from 'node:buffer'
import type { SqlConnection, SqlDialect, SqlValue } from '../sql/sql-connection.ts'
import type { StateRow } from '../sql/state-row.ts'
import { mysqlErrno, mysqlFault } from './mysql-fault.ts'
import type { MysqlConnection, MysqlPool } from './mysql-pool.ts'
import { DUPLICATE, openMysqlSchema } from './mysql-schema.ts'

/** The revision as text: a number could be rounded on its way. */
const SELECT = `SELECT log_key, log_id, chkpt, CAST(rev AS CHAR) AS rev, write_id, digest
  FROM log_persistence_state`
/**
 * Plain: `IGNORE` would hide other errors, and after `ON DUPLICATE KEY UPDATE` a driver that counts
 * matches reports one row whether it was made or found.
 */
const INSERT = `INSERT INTO log_persistence_state (log_key, log_id, chkpt, rev, write_id, digest)
  VALUES (?, ?, ?, ?, ?, ?)`
const UPDATE = `UPDATE log_persistence_state SET chkpt = ?, rev = ?, write_id = ?, digest = ?
  WHERE log_key = ? AND rev = ?`
const IDS = 'SELECT log_id FROM log_persistence_state WHERE log_id > ? ORDER BY log_id'

/** MySQL and MariaDB. */
export function mysqlDialect(pool: MysqlPool, maxValueBytes: number): SqlDialect {
  return {
    connect: async () => connectionOf(await pool.getConnection()),
    faultOf: mysqlFault,
    openSchema: (connection, life) => openMysqlSchema(connection, maxValueBytes, life),
    select: async (connection, keys) => {
      const places = keys.map(() => '?').join(', ')
      const { rows } = await connection.query(`${SELECT} WHERE log_key IN (${places})`, [...keys])
      return rows.map((row) => ({
        key: row['log_key'],
        id: row['log_id'],
        bytes: row['chkpt'],
        revision: row['rev'],
        writeId: row['write_id'],
        digest: row['digest'],
      }))
    },
    write: async (connection, rows) => {
      const [only, another] = rows
      if (only === undefined) return []
      if (another === undefined) return (await writeOne(connection, only)) ? [only.key] : []
      return writeTogether(connection, rows)
    },
    ids: async (connection, after, limit) => {
      const answer =
        limit === undefined
          ? await connection.query(IDS, [after])
          : await connection.query(`${IDS} LIMIT ?`, [after, limit])
      return answer.rows.map((row) => row['log_id'])
    },
  }
}

async function writeOne(connection: SqlConnection, row: StateRow): Promise<boolean> {
  const { key, id, bytes, revision, writeId, digest } = row
  if (revision > 1) {
    const values = [bytes, revision, writeId, digest, key, revision - 1]
    return (await connection.query(UPDATE, values)).changed === 1
  }
  try {
    await connection.query(INSERT, [key, id, bytes, revision, writeId, digest])
    return true
  } catch (thrown) {
    if (mysqlErrno(thrown) === DUPLICATE) return false
    throw thrown
  }
}

/** Several rows in one transaction, and one sync. */
async function writeTogether(
  connection: SqlConnection,
  rows: readonly StateRow[],
): Promise<unknown[]> {
  await connection.query('START TRANSACTION')
  const later = rows.filter(({ revision }) => revision > 1)
  const written: unknown[] = later.length === 0 ? [] : await updateTogether(connection, later)
  for (const row of rows) {
    if (row.revision === 1 && (await writeOne(connection, row))) written.push(row.key)
  }
  await connection.query('COMMIT')
  return written
}

/** Updates the rows whose predecessor is stored, and gives their keys. They stay locked. */
async function updateTogether(
  connection: SqlConnection,
  rows: readonly StateRow[],
): Promise<unknown[]> {
  const names = 'SELECT ? AS log_key, ? AS chkpt, ? AS rev, ? AS write_id, ? AS digest'
  const others = rows.slice(1).map(() => ' UNION ALL SELECT ?, ?, ?, ?, ?')
  const sql = `UPDATE log_persistence_state AS stored
    JOIN (${names}${others.join('')}) AS wanted ON stored.log_key = wanted.log_key
      AND stored.rev = wanted.rev - 1
    SET stored.chkpt = wanted.chkpt, stored.rev = wanted.rev, stored.write_id = wanted.write_id,
      stored.digest = wanted.digest`
  const values = rows.flatMap((row) => [row.key, row.bytes, row.revision, row.writeId, row.digest])
  const { changed } = await connection.query(sql, values)
  if (changed === rows.length) return rows.map(({ key }) => key)
  const ids = rows.map(({ writeId }) => writeId)
  const places = rows.map(() => '?').join(', ')
  const found = await connection.query(
    `SELECT log_key FROM log_persistence_state
     WHERE log_key IN (${places}) AND write_id IN (${places})`,
    [...rows.map(({ key }) => key), ...ids],
  )
  return found.rows.map((row) => row['log_key'])
}

function connectionOf(connection: MysqlConnection): SqlConnection {
  return {
    query: async (sql, values) => {
      const [answer] = await connection.query(sql, values?.map(bound))
      if (Array.isArray(answer)) return { rows: answer.filter(isRow), changed: 0 }
      return { rows: [], changed: isRow(answer) ? Number(answer['affectedRows']) : 0 }
    },
    release: (isBroken) => {
      if (isBroken) connection.destroy()
      else connection.release()
    },
  }
}

/** Only a Buffer is written as bytes; any other array as a list. */
function bound(value: SqlValue): unknown {
  return value instanceof Uint8Array ? bufferOf(value) : value
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

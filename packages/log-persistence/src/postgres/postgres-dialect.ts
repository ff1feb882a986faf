import type { SqlConnection, SqlDialect, SqlValue } from '../sql/sql-connection.ts'
import type { StateRow } from '../sql/state-row.ts'
import { postgresFault } from './postgres-fault.ts'
import type { PostgresClient, PostgresPool } from './postgres-pool.ts'
import { openPostgresSchema, type PostgresTables } from './postgres-schema.ts'

/**
 * PostgreSQL, in the subset that CockroachDB shares. Every statement is a transaction of its own:
 * nothing depends on a session, so a pool of one and a pooling proxy will do.
 */
export function postgresDialect(pool: PostgresPool, tables: PostgresTables): SqlDialect {
  // A connection that dies while nobody uses it is no error: the next call opens another.
  if (pool.listenerCount?.('error') === 0) pool.on?.('error', () => undefined)
  const sql = statements(tables.state)
  return {
    connect: async () => connectionOf(await pool.connect()),
    faultOf: postgresFault,
    openSchema: (connection, life) => openPostgresSchema(connection, tables, life),
    select: async (connection, keys) => {
      const { rows } = await connection.query(sql.select, [keys])
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
      const first = rows.filter(({ revision }) => revision === 1)
      const later = rows.filter(({ revision }) => revision > 1)
      const written: unknown[] = []
      for (const [statement, group] of [
        [sql.insert, first],
        [sql.update, later],
      ] as const) {
        if (group.length === 0) continue
        const answer = await connection.query(statement, columns(group))
        written.push(...answer.rows.map((row) => row['log_key']))
      }
      return written
    },
    ids: async (connection, after, limit) => {
      const answer =
        limit === undefined
          ? await connection.query(sql.ids, [after])
          : await connection.query(`${sql.ids} LIMIT $2`, [after, limit])
      return answer.rows.map((row) => row['log_id'])
    },
  }
}

function statements(state: string): Record<'select' | 'insert' | 'update' | 'ids', string> {
  const wanted = `unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::int8[], $5::bytea[], $6::bytea[])
      AS wanted (log_key, log_id, chkpt, rev, write_id, digest)`
  return {
    select: `SELECT log_key, log_id, chkpt, rev, write_id, digest FROM ${state}
      WHERE log_key = ANY($1::bytea[])`,
    // In the order of the keys, so that two processes never wait for each other in a circle.
    insert: `INSERT INTO ${state} (log_key, log_id, chkpt, rev, write_id, digest)
      SELECT log_key, log_id, chkpt, rev, write_id, digest FROM ${wanted} ORDER BY log_key
      ON CONFLICT (log_key) DO NOTHING RETURNING log_key`,
    update: `WITH locked AS (
        SELECT log_key FROM ${state} WHERE log_key = ANY($1::bytea[]) ORDER BY log_key FOR UPDATE
      )
      UPDATE ${state} AS stored
      SET chkpt = wanted.chkpt, rev = wanted.rev, write_id = wanted.write_id,
        digest = wanted.digest, updated_at = now()
      FROM ${wanted}, locked
      WHERE stored.log_key = wanted.log_key AND locked.log_key = wanted.log_key
        AND stored.rev = wanted.rev - 1
      RETURNING stored.log_key`,
    ids: `SELECT log_id FROM ${state} WHERE log_id > $1 ORDER BY log_id`,
  }
}

function columns(rows: readonly StateRow[]): SqlValue[] {
  return [
    rows.map(({ key }) => key),
    rows.map(({ id }) => id),
    rows.map(({ bytes }) => bytes),
    rows.map(({ revision }) => revision),
    rows.map(({ writeId }) => writeId),
    rows.map(({ digest }) => digest),
  ]
}

function connectionOf(client: PostgresClient): SqlConnection {
  // A client of ours that dies between two statements says so by an event, and an event without a
  // listener would end the process. The next statement fails anyway.
  const ignore = (): void => undefined
  client.on('error', ignore)
  return {
    query: async (sql, values) => {
      const { rows, rowCount } = await client.query(sql, values?.slice())
      return { rows: rows.filter(isRow), changed: rowCount ?? 0 }
    },
    release: (isBroken) => {
      // A broken one may still have something to say.
      if (!isBroken) client.removeListener('error', ignore)
      client.release(isBroken)
    },
  }
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

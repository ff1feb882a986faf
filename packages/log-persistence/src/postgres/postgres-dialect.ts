import { Buffer } from 'node:buffer'
import { sha256 } from '#digest'
import { toHex } from '../bytes.ts'
import type { SqlConnection, SqlDialect, SqlValue } from '../sql/sql-connection.ts'
import type { StateRow } from '../sql/state-row.ts'
import { postgresFault } from './postgres-fault.ts'
import type { PostgresClient, PostgresPool } from './postgres-pool.ts'
import { openPostgresSchema, type PostgresTables } from './postgres-schema.ts'

/**
 * PostgreSQL, in the subset that CockroachDB shares. Every statement is a transaction of its own:
 * nothing depends on a session, so a pool of one and a pooling proxy will do.
 */
export function postgresDialect(
  pool: PostgresPool,
  tables: PostgresTables,
  prepares: boolean,
): SqlDialect {
  // A connection that dies while nobody uses it is no error: the next call opens another.
  if (pool.listenerCount?.('error') === 0) pool.on?.('error', () => undefined)
  const sql = statements(tables.state)
  const { ids: idsSql, ...frequent } = sql
  const names = prepares ? namesOf(Object.values(frequent)) : new Map<string, string>()
  return {
    connect: async () => connectionOf(await pool.connect(), names),
    faultOf: postgresFault,
    openSchema: (connection, life) => openPostgresSchema(connection, tables, life),
    select: async (connection, keys) => {
      const [only] = keys
      const { rows } =
        only !== undefined && keys.length === 1
          ? await connection.query(sql.selectOne, [bufferOf(only)])
          : await connection.query(sql.select, [arrayOf(keys)])
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
      for (const [many, one, group] of [
        [sql.insert, sql.insertOne, first],
        [sql.update, sql.updateOne, later],
      ] as const) {
        const [only] = group
        if (only === undefined) continue
        const answer = await (group.length === 1
          ? connection.query(one, fields(only))
          : connection.query(many, columns(group)))
        written.push(...answer.rows.map((row) => row['log_key']))
      }
      return written
    },
    ids: async (connection, after, limit) => {
      const answer =
        limit === undefined
          ? await connection.query(idsSql, [after])
          : await connection.query(`${idsSql} LIMIT $2`, [after, limit])
      return answer.rows.map((row) => row['log_id'])
    },
  }
}

/** What is said to PostgreSQL; for a row alone in ways that cost half as much. */
interface Statements {
  readonly select: string
  readonly selectOne: string
  readonly insert: string
  readonly insertOne: string
  readonly update: string
  readonly updateOne: string
  readonly ids: string
}

function statements(state: string): Statements {
  // Behind a SELECT the planner cannot see how many there are: it would plan anew each time.
  const list = (place: number, type = 'BYTEA'): string => `(SELECT CAST($${place} AS ${type}[]))`
  const columns = 'log_key, log_id, chkpt, rev, write_id, digest'
  const lists = [list(1), list(2), list(3), list(4, 'INT8'), list(5), list(6)]
  const wanted = `unnest(${lists.join(', ')}) AS wanted (${columns})`
  // In a cast: `ANY` of a SELECT alone would be of its rows.
  const keys = `CAST(${list(1)} AS BYTEA[])`
  return {
    select: `SELECT ${columns} FROM ${state} WHERE log_key = ANY(${keys})`,
    selectOne: `SELECT ${columns} FROM ${state} WHERE log_key = $1`,
    insertOne: `INSERT INTO ${state} (${columns}) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (log_key) DO NOTHING RETURNING log_key`,
    updateOne: `UPDATE ${state}
      SET chkpt = $3, rev = $4, write_id = $5, digest = $6, updated_at = now()
      WHERE log_key = $1 AND log_id = $2 AND rev = $4 - 1 RETURNING log_key`,
    // In the order of the keys, so that two processes never wait for each other in a circle.
    insert: `INSERT INTO ${state} (${columns})
      SELECT ${columns} FROM ${wanted} ORDER BY log_key
      ON CONFLICT (log_key) DO NOTHING RETURNING log_key`,
    update: `WITH locked AS (
        SELECT log_key FROM ${state} WHERE log_key = ANY(${keys}) ORDER BY log_key FOR UPDATE
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

function fields({ key, id, bytes, revision, writeId, digest }: StateRow): SqlValue[] {
  return [key, id, bytes, revision, writeId, digest].map((field) =>
    typeof field === 'number' ? field : bufferOf(field),
  )
}

function columns(rows: readonly StateRow[]): SqlValue[] {
  return [
    arrayOf(rows.map(({ key }) => key)),
    arrayOf(rows.map(({ id }) => id)),
    arrayOf(rows.map(({ bytes }) => bytes)),
    `{${rows.map(({ revision }) => revision).join(',')}}`,
    arrayOf(rows.map(({ writeId }) => writeId)),
    arrayOf(rows.map(({ digest }) => digest)),
  ]
}

/** An array as PostgreSQL spells it; the driver would spell it byte by byte. */
function arrayOf(pieces: readonly Uint8Array[]): string {
  const quoted = pieces.map((piece) => `"\\\\x${bufferOf(piece).toString('hex')}"`)
  return `{${quoted.join(',')}}`
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Names that differ where the statements do, also for two stores on one pool. */
function namesOf(texts: readonly string[]): ReadonlyMap<string, string> {
  const utf8 = new TextEncoder()
  return new Map(
    texts.map((text) => [text, `tidemark_${toHex(sha256(utf8.encode(text)))}`.slice(0, 40)]),
  )
}

function connectionOf(client: PostgresClient, names: ReadonlyMap<string, string>): SqlConnection {
  // A client of ours that dies between two statements says so by an event, and an event without a
  // listener would end the process. The next statement fails anyway.
  const ignore = (): void => undefined
  client.on('error', ignore)
  return {
    query: async (sql, values) => {
      const name = names.get(sql)
      const named = name === undefined ? {} : { name }
      const { rows, rowCount } = await client.query({
        ...named,
        text: sql,
        ...(values === undefined ? {} : { values: values.slice() }),
      })
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

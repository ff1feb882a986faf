// What one would write without this package: one transaction for each update.
import { Buffer } from 'node:buffer'

/** On SQLite: `BEGIN IMMEDIATE`, look, write, `COMMIT`. */
export function plainSqlite(connection) {
  connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS plain (id TEXT PRIMARY KEY, chkpt BLOB NOT NULL) STRICT`)
  const look = 'SELECT chkpt FROM plain WHERE id = ?'
  const write = `INSERT INTO plain VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET chkpt = excluded.chkpt`
  return {
    update: async (id, revise) => {
      connection.exec('BEGIN IMMEDIATE')
      connection.run(write, [id, revise(connection.get(look, [id])?.chkpt)])
      connection.exec('COMMIT')
    },
    latest: async (id) => connection.get(look, [id])?.chkpt,
  }
}

/** On PostgreSQL: `BEGIN`, look under a lock, write, `COMMIT`, on a connection of its own. */
export async function plainPostgres(pool) {
  await pool.query(`CREATE TABLE IF NOT EXISTS plain (id TEXT PRIMARY KEY, chkpt BYTEA NOT NULL)`)
  const look = { name: 'look', text: 'SELECT chkpt FROM plain WHERE id = $1 FOR UPDATE' }
  const write = {
    name: 'write',
    text: `INSERT INTO plain VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET chkpt = excluded.chkpt`,
  }
  return {
    update: async (id, revise) => {
      const client = await pool.connect()
      await client.query('BEGIN')
      const { rows } = await client.query({ ...look, values: [id] })
      await client.query({ ...write, values: [id, revise(rows[0]?.chkpt)] })
      await client.query('COMMIT')
      client.release()
    },
  }
}

/** On MariaDB: the same. */
export async function plainMariadb(pool) {
  await pool.query(`CREATE TABLE IF NOT EXISTS plain
    (id VARBINARY(512) PRIMARY KEY, chkpt LONGBLOB NOT NULL) ENGINE = InnoDB`)
  return {
    update: async (id, revise) => {
      const connection = await pool.getConnection()
      // Without this the locks of first writes make deadlocks.
      await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
      await connection.query('START TRANSACTION')
      const look = 'SELECT chkpt FROM plain WHERE id = ? FOR UPDATE'
      const [rows] = await connection.execute(look, [id])
      const write = `INSERT INTO plain VALUES (?, ?)
        ON DUPLICATE KEY UPDATE chkpt = VALUES(chkpt)`
      await connection.execute(write, [id, Buffer.from(revise(rows[0]?.chkpt))])
      await connection.query('COMMIT')
      connection.release()
    },
  }
}

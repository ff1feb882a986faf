import type { LogStatePersistence } from '../log-persistence.ts'
import { persistenceOn } from '../persistence.ts'
import { SqlBackend, type SqlPersistenceOptions } from '../sql/sql-backend.ts'
import { postgresDialect } from './postgres-dialect.ts'
import type { PostgresPool } from './postgres-pool.ts'
import { tablesIn } from './postgres-schema.ts'

/** Options of {@link postgresPersistence}. */
export interface PostgresPersistenceOptions extends SqlPersistenceOptions {
  /** The schema the tables lie in, created when it is missing. Default: the connection's first. */
  readonly schema?: string
  /**
   * Whether statements are prepared once for each connection. `false` behind a pooling proxy that
   * does not know prepared statements. Default `true`.
   */
  readonly prepare?: boolean
}

/**
 * A store on PostgreSQL, through a pool of `pg`. The pool is yours: `close` leaves it open.
 *
 * Refuses a server whose commits may be lost (`fsync` or `synchronous_commit` off) and a standby.
 * Give it the primary: a standby that is promoted without every commit is a rollback.
 *
 * @example
 * import { unwrap } from '@tidemark/core'
 * import { postgresPersistence } from '@tidemark/log-persistence/postgres'
 * import { Pool } from 'pg'
 *
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * const store = postgresPersistence(pool)
 * unwrap(await store.update('example.com/log', () => new Uint8Array([1])))
 * await store.close()
 * await pool.end()
 */
export function postgresPersistence(
  pool: PostgresPool,
  options: PostgresPersistenceOptions = {},
): LogStatePersistence {
  const dialect = postgresDialect(pool, tablesIn(options.schema), options.prepare ?? true)
  return persistenceOn(new SqlBackend(dialect, options), options)
}

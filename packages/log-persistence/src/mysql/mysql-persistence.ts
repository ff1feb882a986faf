import { maxValueBytes } from '../limits.ts'
import type { LogStatePersistence } from '../log-persistence.ts'
import { persistenceOn } from '../persistence.ts'
import { SqlBackend, type SqlPersistenceOptions } from '../sql/sql-backend.ts'
import { mysqlDialect } from './mysql-dialect.ts'
import type { MysqlPool } from './mysql-pool.ts'

/**
 * A store on MySQL or MariaDB (InnoDB), through a pool of `mysql2/promise`. The pool is yours:
 * `close` leaves it open.
 *
 * Refuses a server whose commits may be lost (`innodb_flush_log_at_trx_commit` or `sync_binlog`
 * other than 1), and one that is read-only.
 *
 * @example
 * import { unwrap } from '@tidemark/core'
 * import { mysqlPersistence } from '@tidemark/log-persistence/mysql'
 * import { createPool } from 'mysql2/promise'
 *
 * const pool = createPool(process.env.MYSQL_URL)
 * const store = mysqlPersistence(pool)
 * unwrap(await store.update('example.com/log', () => new Uint8Array([1])))
 * await store.close()
 * await pool.end()
 */
export function mysqlPersistence(
  pool: MysqlPool,
  options: SqlPersistenceOptions = {},
): LogStatePersistence {
  const dialect = mysqlDialect(pool, maxValueBytes(options.maxValueBytes))
  return persistenceOn(new SqlBackend(dialect, options), options)
}

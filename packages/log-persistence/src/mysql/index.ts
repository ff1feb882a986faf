export type { SqlPersistenceOptions as MysqlPersistenceOptions } from '../sql/sql-backend.ts'
export { mysqlPersistence } from './mysql-persistence.ts'
export type { MysqlConnection, MysqlPool } from './mysql-pool.ts'

export { betterSqlite3, libsql, nodeSqlite } from './drivers.ts'
export type { SqliteDatabase, SqliteDatabaseClass, SqliteStatement } from './drivers.ts'
export type { SqliteConnection, SqliteDriver, SqliteRow, SqliteValue } from './sqlite-driver.ts'
export { sqlitePersistence, type SqlitePersistenceOptions } from './sqlite-persistence.ts'

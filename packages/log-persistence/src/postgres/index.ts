export { postgresPersistence, type PostgresPersistenceOptions } from './postgres-persistence.ts'
export type { PostgresClient, PostgresPool } from './postgres-pool.ts'

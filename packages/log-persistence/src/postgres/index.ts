export { postgresPersistence, type PostgresPersistenceOptions } from './postgres-persistence.ts'
export type { PostgresClient, PostgresPool, PostgresQuery } from './postgres-pool.ts'

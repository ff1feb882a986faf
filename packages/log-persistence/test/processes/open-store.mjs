import { unwrap } from '@tidemark/core'

/**
 * Opens a store as the tests of several processes name it, from the built package.
 * @param {{ kind: string, path?: string, port?: number, user?: string, database?: string }} place
 * @param {object} [options]
 */
export async function openStore(place, options = {}) {
  switch (place.kind) {
    case 'files': {
      const { FileBlobStore } = await import('@tidemark/core/file')
      const { blobPersistence } = await import('@tidemark/log-persistence')
      return blobPersistence(unwrap(await FileBlobStore.open(place.path)), options)
    }
    case 'libsql': {
      const { default: Database } = await import('libsql')
      const { libsql, sqlitePersistence } = await import('@tidemark/log-persistence/sqlite')
      return sqlitePersistence(libsql(Database), place.path, options)
    }
    case 'node:sqlite': {
      const { nodeSqlite, sqlitePersistence } = await import('@tidemark/log-persistence/sqlite')
      return sqlitePersistence(nodeSqlite(), place.path, options)
    }
    case 'postgres': {
      const { Pool } = await import('pg')
      const { postgresPersistence } = await import('@tidemark/log-persistence/postgres')
      const { port, user, database: schema } = place
      const pool = new Pool({ host: '127.0.0.1', port, user, database: 'postgres', max: 2 })
      return postgresPersistence(pool, { ...options, schema })
    }
    default: {
      const { createPool } = await import('mysql2/promise')
      const { mysqlPersistence } = await import('@tidemark/log-persistence/mysql')
      const { port, user, database } = place
      const pool = createPool({ host: '127.0.0.1', port, user, database, connectionLimit: 2 })
      return mysqlPersistence(pool, options)
    }
  }
}

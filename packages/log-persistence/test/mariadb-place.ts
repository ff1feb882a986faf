import { createPool, type Pool } from 'mysql2/promise'
import { mysqlPersistence } from '../src/mysql/index.ts'
import type { StorePlace } from '../src/testing/index.ts'

let places = 0

/** A pool of connections to a database of these tests' server. */
export function mariadbPool(
  server: { port: number; user: string },
  connectionLimit: number,
  database?: string,
): Pool {
  const { port, user } = server
  const place = database === undefined ? {} : { database }
  return createPool({ host: '127.0.0.1', port, user, connectionLimit, ...place })
}

/** A new database on a server. Each store has a pool of its own, as each process would. */
export async function mariadbPlace(
  server: { port: number; user: string },
  max = 4,
): Promise<StorePlace> {
  const database = `place_${process.pid}_${places++}`
  const admin = mariadbPool(server, 1)
  await admin.query(`CREATE DATABASE ${database}`)
  const pools: Pool[] = [admin]
  return {
    open: (options) => {
      const pool = mariadbPool(server, max, database)
      pools.push(pool)
      return mysqlPersistence(pool, options)
    },
    damage: async (logId) => {
      await admin.query(
        `UPDATE ${database}.log_persistence_state SET chkpt = CONCAT(chkpt, 'x') WHERE log_id = ?`,
        [logId],
      )
    },
    remove: async () => {
      await admin.query(`DROP DATABASE ${database}`)
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

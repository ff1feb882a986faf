import { Pool } from 'pg'
import { postgresPersistence } from '../src/postgres/index.ts'
import type { StorePlace } from '../src/testing/index.ts'

let places = 0

/** A pool of connections to a server of these tests. */
export function postgresPool(server: { port: number; user: string }, max: number): Pool {
  const { port, user } = server
  const pool = new Pool({ host: '127.0.0.1', port, user, database: 'postgres', max })
  pool.on('error', () => undefined)
  return pool
}

/** A new schema on a server. Each store has a pool of its own, as each process would. */
export function postgresPlace(server: { port: number; user: string }, max = 4): StorePlace {
  const schema = `place_${process.pid}_${places++}`
  const pools: Pool[] = []
  const newPool = (): Pool => {
    const pool = postgresPool(server, max)
    pools.push(pool)
    return pool
  }
  return {
    open: (options) => postgresPersistence(newPool(), { ...options, schema }),
    damage: async (logId) => {
      await newPool().query(
        `UPDATE "${schema}".log_persistence_state SET chkpt = set_byte(chkpt, 0, get_byte(chkpt, 0) # 1)
         WHERE log_id = convert_to($1, 'UTF8')`,
        [logId],
      )
    },
    remove: async () => {
      await newPool().query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
      await Promise.all(pools.map((pool) => pool.end()))
    },
  }
}

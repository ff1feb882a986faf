// Runs the contract on a SQLite driver of the Node that runs this, from the built package.
import {
  libsql,
  betterSqlite3,
  nodeSqlite,
  sqlitePersistence,
} from '@tidemark/log-persistence/sqlite'
import { logPersistenceContract } from '@tidemark/log-persistence/testing'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { driver: name } = JSON.parse(process.argv[2] ?? '{}')
const drivers = {
  'node:sqlite': async () => nodeSqlite(),
  libsql: async () => libsql((await import('libsql')).default),
  'better-sqlite3': async () => betterSqlite3((await import('better-sqlite3')).default),
}
const driver = await drivers[name]()

const subject = {
  place: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'tidemark-logs-'))
    const path = join(dir, 'logs.db')
    return {
      open: (options) => sqlitePersistence(driver, path, options),
      damage: async (logId) => {
        const connection = driver.open(path)
        const sql = `UPDATE log_persistence_state SET chkpt = x'00' WHERE log_id = CAST(? AS BLOB)`
        connection.run(sql, [logId])
        connection.close()
      },
      remove: () => rm(dir, { recursive: true }),
    }
  },
}
const failed = []
const cases = logPersistenceContract(subject)
for (const { name: promise, run } of cases) {
  try {
    await run()
  } catch (error) {
    failed.push({ promise, error: String(error?.stack ?? error) })
  }
}
process.stdout.write(JSON.stringify({ node: process.version, ran: cases.length, failed }))

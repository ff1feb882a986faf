import Database from 'libsql'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { libsql, sqlitePersistence } from '../src/sqlite/index.ts'
import { describeContract } from './contract.ts'

describeContract(
  'SQLite (libsql)',
  {
    place: async () => {
      const dir = await mkdtemp(join(tmpdir(), 'tidemark-logs-'))
      const path = join(dir, 'logs.db')
      return {
        open: (options) => sqlitePersistence(libsql(Database), path, options),
        damage: async (logId) => {
          const database = new Database(path)
          database.exec(
            `UPDATE log_persistence_state SET chkpt = CAST('sECOND' AS BLOB)
             WHERE log_id = CAST('${logId}' AS BLOB)`,
          )
          database.close()
        },
        remove: () => rm(dir, { recursive: true }),
      }
    },
  },
  ['crossProcess', 'durable', 'damage'],
)

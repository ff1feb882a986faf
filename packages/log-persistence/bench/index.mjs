// Updates and reads of log states beside the plain recipe, on the same database in the same run.
// A call that fails (`BUSY` above all) ends the run. An argument names one of the databases.
import { libsql, nodeSqlite, sqlitePersistence } from '@tidemark/log-persistence/sqlite'
import { mysqlPersistence } from '@tidemark/log-persistence/mysql'
import { postgresPersistence } from '@tidemark/log-persistence/postgres'
import { startMariadb, startPostgres } from '@tidemark/servers'
import Database from 'libsql'
import { createPool } from 'mysql2/promise'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'pg'
import { compareReads, compareUpdates, printHead } from './measure.mjs'
import { plainMariadb, plainPostgres, plainSqlite } from './plain-recipes.mjs'

/** As many connections as both drivers open by default. */
const CONNECTIONS = 10

async function onSqlite() {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-bench-'))
  const hasOwn = Number.parseInt(process.versions.node, 10) >= 24
  const driver = hasOwn ? nodeSqlite() : libsql(Database)
  const store = sqlitePersistence(driver, join(home, 'ours.db'))
  const connection = driver.open(join(home, 'plain.db'))
  const plain = plainSqlite(connection)
  const name = `SQLite (${driver.name})`
  await compareUpdates(name, store, plain, { 1: 1, 8: 5, 64: 15 })
  await compareReads(name, store, plain)
  await store.close()
  connection.close()
  await rm(home, { recursive: true, force: true })
}

async function onPostgres() {
  const server = await startPostgres()
  const { port, user } = server
  const at = { host: '127.0.0.1', port, user, database: 'postgres', max: CONNECTIONS }
  const [ours, theirs] = [new Pool(at), new Pool(at)]
  const plain = await plainPostgres(theirs)
  await compareUpdates('PostgreSQL', postgresPersistence(ours), plain, { 64: 3 })
  await Promise.all([ours.end(), theirs.end()])
  await server.stop()
}

async function onMariadb() {
  const server = await startMariadb()
  const { port, user } = server
  const at = { host: '127.0.0.1', port, user, database: 'test', connectionLimit: CONNECTIONS }
  const [ours, theirs] = [createPool(at), createPool(at)]
  const plain = await plainMariadb(theirs)
  await compareUpdates('MariaDB', mysqlPersistence(ours), plain, {})
  await Promise.all([ours.end(), theirs.end()])
  await server.stop()
}

const engines = { sqlite: onSqlite, postgres: onPostgres, mariadb: onMariadb }
const [wanted = ''] = process.argv.slice(2).filter((word) => word in engines)
printHead()
for (const [name, measure] of Object.entries(engines)) {
  if (wanted === '' || wanted === name) await measure()
}
process.exit(0)

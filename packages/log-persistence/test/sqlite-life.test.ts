import { unwrap } from '@tidemark/core'
import Database from 'libsql'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  betterSqlite3,
  libsql,
  nodeSqlite,
  sqlitePersistence,
  type SqliteDatabaseClass,
  type SqliteDriver,
} from '../src/sqlite/index.ts'

const one = new Uint8Array([1])
const driver = libsql(Database)
let home = ''
let path = ''
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tidemark-sqlite-'))
  path = join(home, 'logs.db')
})
afterEach(() => rm(home, { recursive: true }))

/** A driver whose connections answer one question in another way. */
function lying(about: RegExp, answer: Record<string, unknown>): SqliteDriver {
  const open: SqliteDriver['open'] = (file) => {
    const connection = driver.open(file)
    return {
      ...connection,
      get: (sql, values) => (about.test(sql) ? answer : connection.get(sql, values)),
    }
  }
  return { name: 'lying', open }
}

describe('a store in a SQLite file', () => {
  it('syncs every commit, whatever the file was left with', async () => {
    const store = sqlitePersistence(driver, path)
    unwrap(await store.init())
    await store.close()
    const connection = driver.open(path)
    expect(connection.get('PRAGMA journal_mode', [])).toMatchObject({ journal_mode: 'wal' })
    connection.close()
  })

  it('refuses a connection that does not sync its commits', async () => {
    for (const liar of [
      lying(/^PRAGMA synchronous/, { synchronous: 1 }),
      lying(/journal_mode/, { journal_mode: 'delete' }),
    ]) {
      const opened = await sqlitePersistence(liar, path).init()
      expect(opened).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    }
  })

  it('is not made by a careful opening, not even as an empty file', async () => {
    const opened = await sqlitePersistence(driver, path, { create: 'never' }).init()
    expect(opened).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    expect(existsSync(path)).toBe(false)
    await writeFile(path, '')
    const empty = await sqlitePersistence(driver, path, { create: 'never' }).init()
    expect(empty).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    const connection = driver.open(path)
    expect(connection.all('SELECT name FROM sqlite_schema', [])).toEqual([])
    connection.close()
  })

  it('of a newer version is left alone', async () => {
    const store = sqlitePersistence(driver, path)
    unwrap(await store.replace('a', 0, one))
    await store.close()
    const connection = driver.open(path)
    connection.exec(`UPDATE log_persistence_meta SET value = '2' WHERE name = 'schema_version'`)
    connection.close()
    expect(await sqlitePersistence(driver, path).latest('a')).toMatchObject({
      error: { code: 'UNSUPPORTED_VERSION', details: { found: 2, supported: 1 } },
    })
  })

  it('that is no database is refused, and not touched', async () => {
    await writeFile(path, 'something else'.repeat(1000))
    const opened = await sqlitePersistence(driver, path).init()
    expect(opened).toMatchObject({ error: { kind: 'corrupt' } })
    const missing = sqlitePersistence(driver, join(home, 'no', 'such', 'folder.db'))
    expect(await missing.init()).toMatchObject({ ok: false })
  })

  it('waits for another process that holds the lock, and says BUSY after the limit', async () => {
    const store = sqlitePersistence(driver, path, { timeoutMs: 800 })
    unwrap(await store.init())
    const other = driver.open(path)
    other.exec('BEGIN IMMEDIATE')
    const replacing = store.replace('a', 0, one)
    setTimeout(() => other.exec('COMMIT'), 300)
    expect(await replacing).toMatchObject({ ok: true })
    other.exec('BEGIN IMMEDIATE')
    const begun = performance.now()
    expect(await store.replace('a', 1, one)).toMatchObject({
      error: { code: 'BUSY', retryable: true },
    })
    expect(performance.now() - begun).toBeGreaterThan(700)
    other.exec('COMMIT')
    expect(unwrap(await store.snapshot('a')).revision).toBe(1)
    other.close()
    await store.close()
  })

  it('can be aborted while it waits', async () => {
    const store = sqlitePersistence(driver, path)
    unwrap(await store.init())
    const other = driver.open(path)
    other.exec('BEGIN IMMEDIATE')
    const signal = AbortSignal.timeout(100)
    const replaced = await store.replace('a', 0, one, { signal })
    expect(replaced).toMatchObject({ error: { code: 'ABORTED', details: { committed: false } } })
    other.exec('COMMIT')
    expect(unwrap(await store.snapshot('a')).revision).toBe(0)
    other.close()
    await store.close()
  })

  it('sees damage that is done while it is open', async () => {
    const store = sqlitePersistence(driver, path)
    unwrap(await store.replace('a', 0, new Uint8Array([1, 2])))
    const other = driver.open(path)
    other.exec(`UPDATE log_persistence_state SET chkpt = x'0103'`)
    other.close()
    expect(await store.latest('a')).toMatchObject({ error: { code: 'CORRUPTED' } })
    expect(await store.replace('a', 1, one)).toMatchObject({ error: { code: 'CORRUPTED' } })
    await store.close()
  })

  it('refuses a row that was moved to another log, or to another revision', async () => {
    const store = sqlitePersistence(driver, path)
    unwrap(await store.replace('a', 0, one))
    unwrap(await store.replace('b', 0, one))
    const other = driver.open(path)
    other.exec(`UPDATE log_persistence_state SET rev = 7 WHERE log_id = CAST('a' AS BLOB)`)
    other.exec(`UPDATE log_persistence_state SET log_id = CAST('c' AS BLOB)
      WHERE log_id = CAST('b' AS BLOB)`)
    other.close()
    expect(await store.latest('a')).toMatchObject({ error: { code: 'CORRUPTED' } })
    expect(await store.latest('b')).toMatchObject({ error: { code: 'CORRUPTED' } })
    await store.close()
  })

  it('does not go on after a commit that failed', async () => {
    let isFull = false
    const open: SqliteDriver['open'] = (file) => {
      const connection = driver.open(file)
      const exec = (sql: string): void => {
        if (isFull && sql === 'COMMIT') throw Object.assign(new Error('disk'), { rawCode: 1034 })
        connection.exec(sql)
      }
      return { ...connection, exec }
    }
    const store = sqlitePersistence({ name: 'failing', open }, path)
    unwrap(await store.replace('a', 0, one))
    isFull = true
    expect(await store.replace('a', 1, one)).toMatchObject({
      error: { code: 'OUTCOME_UNKNOWN', details: { reason: 'sync-failed' } },
    })
    isFull = false
    expect(await store.replace('a', 1, one)).toMatchObject({
      error: { code: 'CLOSED', details: { reason: 'failed' } },
    })
    await store.close()
  })

  it('lives in memory when asked to, and says so', async () => {
    const store = sqlitePersistence(driver, ':memory:')
    expect(store.supports).toEqual({ durable: 'none', crossProcess: false })
    unwrap(await store.replace('a', 0, one))
    await store.close()
  })
})

function isDatabaseClass(value: unknown): value is SqliteDatabaseClass {
  return typeof value === 'function'
}

describe('a driver that cannot run here', () => {
  const isOld = Number.parseInt(process.versions.node, 10) < 22

  it.runIf(isOld)('is refused before it can crash: better-sqlite3 13', async () => {
    const release13: unknown = createRequire(import.meta.url)('better-sqlite3')
    if (!isDatabaseClass(release13)) throw new Error('it is no class')
    const opened = await sqlitePersistence(betterSqlite3(release13), path).init()
    expect(opened).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    expect(opened.ok ? '' : opened.error.message).toContain('Node 22')
  })

  it.runIf(isOld)('is refused with what to do instead: node:sqlite', async () => {
    const opened = await sqlitePersistence(nodeSqlite(), path).init()
    expect(opened).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    expect(opened.ok ? '' : opened.error.message).toContain('libsql')
  })
})

import Database from 'libsql'
import type { RowDataPacket } from 'mysql2/promise'
import { Buffer } from 'node:buffer'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import type { LogStatePersistence } from '../src/index.ts'
import { libsql } from '../src/sqlite/index.ts'
import { logPersistenceContract } from '../src/testing/index.ts'
import { mariadbPool } from './mariadb-place.ts'
import { postgresPool } from './postgres-place.ts'
import { wrongStore } from './wrong-store.ts'

const postgres = inject('postgres')
const mariadb = inject('mariadb')

/** The first promise of the contract that a recipe breaks. */
async function brokenPromise(
  place: () => Promise<{ open: () => LogStatePersistence; remove: () => Promise<void> }>,
): Promise<string | undefined> {
  for (const { name, run } of logPersistenceContract({ place })) {
    if (!name.includes('stores of one place')) continue
    try {
      await run()
    } catch {
      return name
    }
  }
  return undefined
}

const TABLE = `CREATE TABLE wrong (id VARCHAR(200) PRIMARY KEY, rev BIGINT NOT NULL, chkpt`

describe.skipIf('missing' in postgres)('on PostgreSQL the contract refuses', () => {
  it.each([
    ['select for update, then upsert', 'SELECT rev FROM wrong WHERE id = $1 FOR UPDATE'],
    ['select, then upsert', 'SELECT rev FROM wrong WHERE id = $1'],
  ])('%s', async (_, look) => {
    if ('missing' in postgres) return
    const pool = postgresPool(postgres, 16)
    const read = async (id: string) => {
      const { rows } = await pool.query<{ rev: string; chkpt: Buffer }>(
        'SELECT rev, chkpt FROM wrong WHERE id = $1',
        [id],
      )
      const [row] = rows
      return row && { revision: Number(row.rev), bytes: new Uint8Array(row.chkpt) }
    }
    const write = async (id: string, expected: number, bytes: Uint8Array) => {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        const { rows } = await client.query<{ rev: string }>(look, [id])
        const isExpected = Number(rows[0]?.rev ?? 0) === expected
        if (isExpected) {
          await client.query(
            `INSERT INTO wrong VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, chkpt = excluded.chkpt`,
            [id, expected + 1, bytes],
          )
        }
        await client.query('COMMIT')
        return isExpected
      } finally {
        client.release()
      }
    }
    const place = async () => {
      await pool.query(`DROP TABLE IF EXISTS wrong`)
      await pool.query(`${TABLE} BYTEA NOT NULL)`)
      return { open: () => wrongStore({ read, write }), remove: async () => undefined }
    }
    expect(await brokenPromise(place)).toBeDefined()
    await pool.end()
  })
})

describe.skipIf('missing' in mariadb)('on MariaDB the contract refuses', () => {
  it.each([
    ['select for update, then upsert', 'SELECT rev FROM wrong WHERE id = ? FOR UPDATE'],
    ['select, then upsert', 'SELECT rev FROM wrong WHERE id = ?'],
  ])('%s', async (_, look) => {
    if ('missing' in mariadb) return
    const pool = mariadbPool(mariadb, 16, 'test')
    const read = async (id: string) => {
      const sql = 'SELECT rev, chkpt FROM wrong WHERE id = ?'
      const [rows] = await pool.query<RowDataPacket[]>(sql, [id])
      const [row] = rows
      const chkpt: unknown = row?.['chkpt']
      if (!(chkpt instanceof Uint8Array)) return undefined
      return { revision: Number(row?.['rev']), bytes: new Uint8Array(chkpt) }
    }
    const write = async (id: string, expected: number, bytes: Uint8Array) => {
      const connection = await pool.getConnection()
      try {
        await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
        await connection.query('START TRANSACTION')
        const [rows] = await connection.query<RowDataPacket[]>(look, [id])
        const isExpected = Number(rows[0]?.['rev'] ?? 0) === expected
        if (isExpected) {
          await connection.query(
            `INSERT INTO wrong VALUES (?, ?, ?)
             ON DUPLICATE KEY UPDATE rev = VALUES(rev), chkpt = VALUES(chkpt)`,
            [id, expected + 1, Buffer.from(bytes)],
          )
        }
        await connection.query('COMMIT')
        return isExpected
      } finally {
        connection.release()
      }
    }
    const place = async () => {
      await pool.query(`DROP TABLE IF EXISTS wrong`)
      await pool.query(`${TABLE} BLOB NOT NULL)`)
      return { open: () => wrongStore({ read, write }), remove: async () => undefined }
    }
    expect(await brokenPromise(place)).toBeDefined()
    await pool.end()
  })
})

describe('on SQLite the contract refuses', () => {
  it.each([
    ['a deferred transaction that reads first', 'BEGIN DEFERRED'],
    ['select, then upsert', 'SELECT 1'],
  ])('%s', async (_, begin) => {
    const home = await mkdtemp(join(tmpdir(), 'tidemark-wrong-'))
    let places = 0
    const place = async () => {
      const path = join(home, `${places++}.db`)
      const admin = libsql(Database).open(path)
      admin.exec(`PRAGMA journal_mode = WAL; ${TABLE} BLOB NOT NULL)`)
      const open = () => {
        const connection = libsql(Database).open(path)
        connection.exec('PRAGMA busy_timeout = 10')
        const read = async (id: string) => {
          const row = connection.get('SELECT rev, chkpt FROM wrong WHERE id = ?', [id])
          const { rev, chkpt } = row ?? {}
          if (!(chkpt instanceof Uint8Array)) return undefined
          return { revision: Number(rev), bytes: new Uint8Array(chkpt) }
        }
        const write = async (id: string, expected: number, bytes: Uint8Array) => {
          connection.exec(begin)
          try {
            const isExpected = ((await read(id))?.revision ?? 0) === expected
            // Where another process, or another caller of this one, gets its turn.
            await new Promise((resolve) => setImmediate(resolve))
            if (isExpected) {
              const sql = `INSERT INTO wrong VALUES (?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, chkpt = excluded.chkpt`
              connection.run(sql, [id, expected + 1, bytes])
            }
            if (begin.startsWith('BEGIN')) connection.exec('COMMIT')
            return isExpected
          } catch (thrown) {
            if (begin.startsWith('BEGIN')) connection.exec('ROLLBACK')
            throw thrown
          }
        }
        return wrongStore({ read, write })
      }
      return { open, remove: async () => admin.close() }
    }
    expect(await brokenPromise(place)).toBeDefined()
    await rm(home, { recursive: true })
  })
})

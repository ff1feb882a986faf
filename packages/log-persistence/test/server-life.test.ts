import { unwrap } from '@tidemark/core'
import { describe, expect, inject, it } from 'vitest'
import { mysqlPersistence } from '../src/mysql/index.ts'
import { postgresPersistence } from '../src/postgres/index.ts'
import { mariadbPool } from './mariadb-place.ts'
import { postgresPool } from './postgres-place.ts'

const postgres = inject('postgres')
const mariadb = inject('mariadb')
const one = new Uint8Array([1])

describe.skipIf('missing' in postgres)('a store on PostgreSQL', () => {
  it('refuses a server that may forget commits', async () => {
    if ('missing' in postgres) return
    const pool = postgresPool(postgres, 1)
    await pool.query('SET synchronous_commit = off')
    const opened = await postgresPersistence(pool, { schema: 'forgetful' }).init()
    expect(opened).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    expect(opened.ok ? '' : opened.error.message).toContain('synchronous_commit')
    await pool.end()
  })

  it('of a newer version is left alone, and a careful opening makes no table', async () => {
    if ('missing' in postgres) return
    const pool = postgresPool(postgres, 2)
    const careful = postgresPersistence(pool, { schema: 'newer', create: 'never' })
    expect(await careful.init()).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    const schemas = await pool.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'newer'`)
    expect(schemas.rows).toEqual([])
    unwrap(await postgresPersistence(pool, { schema: 'newer' }).replace('a', 0, one))
    await pool.query(
      `UPDATE newer.log_persistence_meta SET value = '2' WHERE name = 'schema_version'`,
    )
    expect(await postgresPersistence(pool, { schema: 'newer' }).latest('a')).toMatchObject({
      error: { code: 'UNSUPPORTED_VERSION', details: { found: 2, supported: 1 } },
    })
    await pool.end()
  })

  it('sees damage that is done while it is open', async () => {
    if ('missing' in postgres) return
    const pool = postgresPool(postgres, 2)
    const store = postgresPersistence(pool, { schema: 'damaged' })
    unwrap(await store.replace('a', 0, one))
    await pool.query(`UPDATE damaged.log_persistence_state SET chkpt = '\\x02'`)
    expect(await store.replace('a', 1, one)).toMatchObject({ error: { code: 'CORRUPTED' } })
    await pool.end()
  })

  it('refuses a schema name that is more than a name', () => {
    if ('missing' in postgres) return
    const pool = postgresPool(postgres, 1)
    expect(() => postgresPersistence(pool, { schema: 'a"; DROP TABLE b; --' })).toThrow(TypeError)
  })

  it('says that it was refused, and does not wait, where the user may not log in', async () => {
    if ('missing' in postgres) return
    const pool = postgresPool({ ...postgres, user: 'nobody-here' }, 1)
    const opened = await postgresPersistence(pool).init()
    expect(opened).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    await pool.end()
  })
})

describe.skipIf('missing' in mariadb)('a store on MariaDB', () => {
  it('refuses a server that may forget commits, or cannot take a large checkpoint', async () => {
    if ('missing' in mariadb) return
    const pool = mariadbPool(mariadb, 1, 'test')
    await pool.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2')
    const opened = await mysqlPersistence(pool).init()
    await pool.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
    expect(opened).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    const large = await mysqlPersistence(pool, { maxValueBytes: 16 * 1024 * 1024 }).init()
    expect(large).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    await pool.end()
  })

  it('refuses tables without transactions', async () => {
    if ('missing' in mariadb) return
    const admin = mariadbPool(mariadb, 1)
    await admin.query('CREATE DATABASE myisam')
    const pool = mariadbPool(mariadb, 1, 'myisam')
    unwrap(await mysqlPersistence(pool).init())
    await pool.query('ALTER TABLE log_persistence_state ENGINE = MyISAM')
    expect(await mysqlPersistence(pool).init()).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    await pool.end()
    await admin.end()
  })

  it('of a newer version is left alone, and a creation that was cut short is finished', async () => {
    if ('missing' in mariadb) return
    const admin = mariadbPool(mariadb, 1)
    await admin.query('CREATE DATABASE versions')
    const pool = mariadbPool(mariadb, 1, 'versions')
    unwrap(await mysqlPersistence(pool).init())
    await pool.query(`DELETE FROM log_persistence_meta WHERE name = 'schema_version'`)
    await pool.query(`DROP TABLE log_persistence_state`)
    unwrap(await mysqlPersistence(pool).replace('a', 0, one))
    await pool.query(`UPDATE log_persistence_meta SET value = '2' WHERE name = 'schema_version'`)
    expect(await mysqlPersistence(pool).latest('a')).toMatchObject({
      error: { code: 'UNSUPPORTED_VERSION', details: { found: 2, supported: 1 } },
    })
    await pool.end()
    await admin.end()
  })
})

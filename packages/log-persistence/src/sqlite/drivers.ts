import type { SqliteConnection, SqliteDriver, SqliteRow, SqliteValue } from './sqlite-driver.ts'

/** A prepared statement of `better-sqlite3` and its likes. */
export interface SqliteStatement {
  get(...parameters: unknown[]): unknown
  all(...parameters: unknown[]): unknown[]
  run(...parameters: unknown[]): { readonly changes: number | bigint }
}

/** A database of `better-sqlite3`, `libsql` or `node:sqlite`. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
}

/** The class that opens one. */
export type SqliteDatabaseClass = new (path: string) => SqliteDatabase

/**
 * The driver for `libsql`, which runs on Node 20 without a compiler.
 *
 * @example
 * import Database from 'libsql'
 * import { libsql, sqlitePersistence } from '@tidemark/log-persistence/sqlite'
 *
 * const store = sqlitePersistence(libsql(Database), 'witness.db')
 */
export function libsql(Database: SqliteDatabaseClass): SqliteDriver {
  // Parameters only ever as one array: a lone object is taken for named ones, and aborts Node.
  return { name: 'libsql', open: (path) => connect(new Database(path), (values) => [values]) }
}

/** The driver for `better-sqlite3`: 11 and 12 on any Node, 13 from Node 22. */
export function betterSqlite3(Database: SqliteDatabaseClass): SqliteDriver {
  return {
    name: 'better-sqlite3',
    refusal: () => {
      // Release 13 kills an older Node on its first call. Only its wrapper knows this word.
      const release13 = String(Database).includes('getAddon(')
      if (!release13 || nodeMajor() >= 22) return undefined
      return 'better-sqlite3 13 crashes before Node 22; use release 12, libsql, or a newer Node'
    },
    open: (path) => connect(new Database(path), (values) => [values]),
  }
}

/** The driver for the SQLite inside Node, 22.5 or newer. Nothing to install. */
export function nodeSqlite(): SqliteDriver {
  return {
    name: 'node:sqlite',
    refusal: () =>
      databaseSync() === undefined
        ? 'node:sqlite needs Node 22.5 or newer; use libsql, or a newer Node'
        : undefined,
    open: (path) => {
      const Database = databaseSync()
      if (Database === undefined) throw new Error('there is no node:sqlite here')
      return connect(new Database(path), (values) => values)
    },
  }
}

/** So many statements are there in all: each is prepared once. */
function connect(
  database: SqliteDatabase,
  bind: (values: readonly SqliteValue[]) => readonly unknown[],
): SqliteConnection {
  const prepared = new Map<string, SqliteStatement>()
  const statement = (sql: string): SqliteStatement => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const made = database.prepare(sql)
    prepared.set(sql, made)
    return made
  }
  return {
    exec: (sql) => void database.exec(sql),
    get: (sql, values) => {
      const row = statement(sql).get(...bind(values))
      return isRow(row) ? row : undefined
    },
    all: (sql, values) => {
      const rows = statement(sql).all(...bind(values))
      return rows.filter(isRow).map(withBytes)
    },
    run: (sql, values) => Number(statement(sql).run(...bind(values)).changes),
    close: () => {
      prepared.clear()
      database.close()
    },
  }
}

/** `libsql` gives the blobs of `get` as bytes, but those of `all` as buffers. */
function withBytes(row: SqliteRow): SqliteRow {
  const columns: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) {
    columns[name] = value instanceof ArrayBuffer ? new Uint8Array(value) : value
  }
  return columns
}

function isRow(value: unknown): value is SqliteRow {
  return typeof value === 'object' && value !== null
}

function nodeMajor(): number {
  return Number.parseInt(process.versions.node, 10)
}

/** Loaded only when asked for, and only where there is one. */
function databaseSync(): SqliteDatabaseClass | undefined {
  const sqlite: unknown = process.getBuiltinModule?.('node:sqlite')
  if (typeof sqlite !== 'object' || sqlite === null) return undefined
  const Database: unknown = Reflect.get(sqlite, 'DatabaseSync')
  return isDatabaseClass(Database) ? Database : undefined
}

function isDatabaseClass(value: unknown): value is SqliteDatabaseClass {
  return typeof value === 'function'
}

import {
  attempt,
  coreError,
  MediumBlobStore,
  type CoreError,
  type Medium,
  type MediumBlob,
  type MediumFacts,
  type Result,
} from '@tidemark/core'
import Database from 'libsql'

/** Any number of processes may share the file; each waits so long for another's write. */
const WAIT_MS = 10_000

/** Opens a SQLite file of blobs, making it if need be. Its directory must be there, durable. */
export function openSqliteBlobs(path: string): Result<MediumBlobStore, CoreError<'OPEN_FAILED'>> {
  return attempt(
    () => new MediumBlobStore(new SqliteMedium(path)),
    (cause) => {
      const details = { what: 'blobs', reason: 'SQLite refused the file' }
      return coreError('OPEN_FAILED', `the blobs in ${path} cannot be opened`, details, cause)
    },
  )
}

class SqliteMedium implements Medium {
  // A range is cut by SQLite, which has read the whole blob by then.
  readonly supports = { durable: 'power', crossProcess: true, ranges: false } as const
  /** What SQLite takes, less the rest of the row. */
  readonly maxBlobBytes = 999_000_000
  readonly #db: Database.Database

  constructor(path: string) {
    this.#db = new Database(path, { timeout: WAIT_MS })
    // Drivers are built with weaker defaults: what is set is read back.
    const mode = this.#row('PRAGMA journal_mode = WAL')?.['journal_mode']
    this.#db.exec('PRAGMA fullfsync = 1; PRAGMA synchronous = FULL')
    const synchronous = this.#row('PRAGMA synchronous')?.['synchronous']
    if (mode !== 'wal' || synchronous !== 2) throw new Error('commits would not be durable')
    // AUTOINCREMENT gives no number twice, so the number of a row is the version of its blob.
    this.#db.exec(`CREATE TABLE IF NOT EXISTS blobs
      (version INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, body BLOB NOT NULL)`)
  }

  read(key: string, { start, end }: { start: number; end: number }): MediumBlob | undefined {
    const select = 'SELECT version, length(body) AS size, substr(body, ?, ?) AS part FROM blobs'
    // `substr` counts from 1, and only up to 31 bits.
    const [from, count] = [start + 1, end - start].map((n) => Math.min(n, this.maxBlobBytes))
    const row = this.#row(`${select} WHERE key = ?`, from, count, key)
    if (row === undefined) return undefined
    const bytes = row['part'] instanceof Uint8Array ? row['part'] : new Uint8Array()
    return { bytes, sizeBytes: Number(row['size']), version: String(row['version']) }
  }

  // `run` has committed when it returns; a row of RETURNING may come before the commit.
  create(key: string, body: Uint8Array): string | undefined {
    const insert = 'INSERT INTO blobs (key, body) VALUES (?, ?) ON CONFLICT (key) DO NOTHING'
    const { changes, lastInsertRowid } = this.#db.prepare(insert).run([key, body])
    return changes === 0 ? undefined : String(lastInsertRowid)
  }

  replace(key: string, body: Uint8Array): string {
    const replace = 'INSERT OR REPLACE INTO blobs (key, body) VALUES (?, ?)'
    return String(this.#db.prepare(replace).run([key, body]).lastInsertRowid)
  }

  *list(prefix: string, after: string): Iterable<MediumFacts & { key: string }> {
    const select = `SELECT key, version, length(body) AS size FROM blobs
      WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT 500`
    for (let last = after; ;) {
      // `~` is above every character that a key may have.
      const rows = this.#db.prepare(select).all([last, prefix, `${prefix}~`])
      if (rows.length === 0) return
      for (const row of rows.map(fieldsOf)) {
        last = String(row['key'])
        yield { key: last, sizeBytes: Number(row['size']), version: String(row['version']) }
      }
    }
  }

  remove(key: string): void {
    this.#db.prepare('DELETE FROM blobs WHERE key = ?').run([key])
  }

  close(): void {
    this.#db.close()
  }

  #row(sql: string, ...values: readonly unknown[]): Record<string, unknown> | undefined {
    const row = this.#db.prepare(sql).get([...values])
    return row === undefined ? undefined : fieldsOf(row)
  }
}

function fieldsOf(row: unknown): Record<string, unknown> {
  return typeof row === 'object' ? { ...row } : {}
}

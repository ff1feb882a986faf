import { err, ok, systemClock } from '@tidemark/core'
import type { AsyncResult, CallOptions, Clock } from '@tidemark/core'
import { closed, type InitError, type ReadError, type ReplaceError } from '../errors.ts'
import type {
  ListOptions,
  LogStateBackend,
  LogStatePersistence,
  LogStateSupport,
  Snapshot,
  Stored,
  StoreInfo,
} from '../log-persistence.ts'
import { persistenceOn, type PersistenceOptions } from '../persistence.ts'
import { decodeIds } from '../sql/list-ids.ts'
import { LogKeys } from '../sql/state-row.ts'
import type { StoreLife } from '../store-life.ts'
import { GroupCommit } from './group-commit.ts'
import { IN_MEMORY, openConnection } from './open-connection.ts'
import { SharedReads } from './shared-reads.ts'
import type { SqliteConnection, SqliteDriver } from './sqlite-driver.ts'
import { isBusy, sqliteFault } from './sqlite-fault.ts'
import { openSchema } from './sqlite-schema.ts'
import { StateTable } from './state-table.ts'

/** Options of {@link sqlitePersistence}. */
export interface SqlitePersistenceOptions extends PersistenceOptions, StoreLife {
  /** How long a call waits for another process before it is `BUSY`. Default 10 000. */
  readonly timeoutMs?: number
}

/** Longer than any commit of another process should take. */
const TIMEOUT_MS = 10_000

/**
 * A store in a SQLite file: write-ahead log, every commit synced, safe for several processes.
 *
 * Writes that are asked for at the same time share one transaction and its sync. Not for network
 * file systems: their locks are not to be trusted.
 *
 * @example
 * import Database from 'libsql'
 * import { unwrap } from '@tidemark/core'
 * import { libsql, sqlitePersistence } from '@tidemark/log-persistence/sqlite'
 *
 * const store = sqlitePersistence(libsql(Database), ':memory:')
 * unwrap(await store.logs()) // => []
 * await store.close()
 */
export function sqlitePersistence(
  driver: SqliteDriver,
  path: string,
  options: SqlitePersistenceOptions = {},
): LogStatePersistence {
  return persistenceOn(new SqliteBackend(driver, path, options), options)
}

/** Between two tries to open a file that another process is opening too. */
const RETRY_MS = 20

/** What an open database is. */
interface Opened {
  readonly connection: SqliteConnection
  readonly table: StateTable
  readonly reads: SharedReads
  readonly writes: GroupCommit
}

class SqliteBackend implements LogStateBackend {
  readonly supports: LogStateSupport
  readonly #driver: SqliteDriver
  readonly #path: string
  readonly #options: SqlitePersistenceOptions
  readonly #clock: Clock
  readonly #timeoutMs: number
  #opened: Opened | undefined

  constructor(driver: SqliteDriver, path: string, options: SqlitePersistenceOptions) {
    this.#driver = driver
    this.#path = path
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    const inMemory = path === IN_MEMORY
    this.supports = { durable: inMemory ? 'none' : 'power', crossProcess: !inMemory }
  }

  async init(): AsyncResult<StoreInfo, InitError> {
    const begunMs = this.#clock.nowMs()
    for (;;) {
      try {
        return this.#open()
      } catch (thrown) {
        const isLate = this.#clock.nowMs() - begunMs >= this.#timeoutMs
        if (!isBusy(thrown) || isLate) return err(sqliteFault('open', thrown))
      }
      await this.#clock.sleep(RETRY_MS)
    }
  }

  snapshot(logId: string): AsyncResult<Snapshot, ReadError> {
    return this.#opened?.reads.snapshot(logId) ?? Promise.resolve(err(closed('store', 'closed')))
  }

  replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
    { signal }: CallOptions,
  ): AsyncResult<Stored, ReplaceError> {
    const writes = this.#opened?.writes
    if (writes === undefined) return Promise.resolve(err(closed('store', 'closed')))
    return writes.replace(logId, expectedRevision, bytes, signal)
  }

  async list({ after = '', limit = -1 }: ListOptions): AsyncResult<string[], ReadError> {
    const table = this.#opened?.table
    if (table === undefined) return err(closed('store', 'closed'))
    try {
      return decodeIds(table.ids(new TextEncoder().encode(after), limit))
    } catch (thrown) {
      return err(sqliteFault('list', thrown))
    }
  }

  async close(): Promise<void> {
    this.#opened?.connection.close()
    this.#opened = undefined
  }

  #open(): ReturnType<typeof openSchema> {
    const opened = openConnection(this.#driver, this.#path, this.#options)
    if (!opened.ok) return opened
    const connection = opened.value
    try {
      const info = openSchema(connection, this.#options)
      if (!info.ok) {
        connection.close()
        return info
      }
      this.#opened = this.#parts(connection)
      return ok(info.value)
    } catch (thrown) {
      connection.close()
      throw thrown
    }
  }

  #parts(connection: SqliteConnection): Opened {
    const [keys, clock, timeoutMs] = [new LogKeys(), this.#clock, this.#timeoutMs]
    const table = new StateTable(connection, keys)
    const reads = new SharedReads(table, clock, timeoutMs)
    const writes = new GroupCommit({ connection, table, keys, clock, timeoutMs })
    return { connection, table, reads, writes }
  }
}

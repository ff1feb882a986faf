import {
  err,
  ok,
  systemClock,
  type AsyncResult,
  type CallOptions,
  type Clock,
} from '@tidemark/core'
import { busy, unreachable } from '../errors.ts'
import type { InitError, ReadError, ReplaceError } from '../errors.ts'
import type {
  ListOptions,
  LogStateBackend,
  LogStateSupport,
  Snapshot,
  Stored,
  StoreInfo,
} from '../log-persistence.ts'
import type { PersistenceOptions } from '../persistence.ts'
import type { StoreLife } from '../store-life.ts'
import { attemptOn } from './attempt-on.ts'
import { FreshLooks } from './fresh-looks.ts'
import { decodeIds } from './list-ids.ts'
import type { SqlConnection, SqlDialect } from './sql-connection.ts'
import { SqlReads, TRY_PART } from './sql-reads.ts'
import { SqlWrites } from './sql-writes.ts'
import { LogKeys } from './state-row.ts'

/** Options of every store on a database server. */
export interface SqlPersistenceOptions extends PersistenceOptions, StoreLife {
  /** How long a call may take, retries included. Default 10 000. */
  readonly timeoutMs?: number
}

/** Longer than a server takes to start again. */
const TIMEOUT_MS = 10_000

/** Between two tries. */
const RETRY_MS = 50

/** A backend on a database server. The pool is the caller's, and stays open. */
export class SqlBackend implements LogStateBackend {
  readonly supports: LogStateSupport = { durable: 'power', crossProcess: true }
  readonly #dialect: SqlDialect
  readonly #life: StoreLife
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #reads: SqlReads
  readonly #writes: SqlWrites

  constructor(dialect: SqlDialect, options: SqlPersistenceOptions) {
    this.#dialect = dialect
    this.#life = options
    this.#clock = options.clock ?? systemClock
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    const [clock, timeoutMs] = [this.#clock, this.#timeoutMs]
    const looks = new FreshLooks(clock)
    const parts = { dialect, keys: new LogKeys(), looks, clock, timeoutMs }
    this.#reads = new SqlReads(parts)
    this.#writes = new SqlWrites(parts, options.random ?? Math.random)
  }

  async init(): AsyncResult<StoreInfo, InitError> {
    const opened = await this.#untilAnswered('init', (connection) =>
      this.#dialect.openSchema(connection, this.#life),
    )
    return opened.ok ? opened.value : opened
  }

  snapshot(logId: string): AsyncResult<Snapshot, ReadError> {
    return this.#reads.snapshot(logId)
  }

  replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
    { signal }: CallOptions,
  ): AsyncResult<Stored, ReplaceError> {
    return this.#writes.replace(logId, expectedRevision, bytes, signal)
  }

  async list({ after = '', limit }: ListOptions): AsyncResult<string[], ReadError> {
    const listed = await this.#untilAnswered('list', (connection) =>
      this.#dialect.ids(connection, new TextEncoder().encode(after), limit),
    )
    return listed.ok ? decodeIds(listed.value) : listed
  }

  async close(): Promise<void> {
    // Connections go back to the pool after every statement.
  }

  /** Repeats what may be repeated until it is answered, or time is over. */
  async #untilAnswered<T>(
    operation: string,
    work: (connection: SqlConnection) => Promise<T>,
  ): AsyncResult<T, InitError> {
    const begunMs = this.#clock.nowMs()
    for (;;) {
      const limitMs = this.#timeoutMs * TRY_PART
      const tried = await attemptOn(this.#dialect, this.#clock, limitMs, operation, work)
      if (tried.ok) return ok(tried.value)
      const { fault, thrown } = tried
      if (typeof fault !== 'string') return err(fault)
      if (this.#clock.nowMs() - begunMs >= this.#timeoutMs) {
        const isBusy = fault === 'transient'
        return err(
          isBusy
            ? busy(operation, 'the database did not let it through', thrown)
            : unreachable(operation, thrown),
        )
      }
      await this.#clock.sleep(RETRY_MS)
    }
  }
}

import { setImmediate } from 'node:timers/promises'
import { err, ok, type AsyncResult, type Clock, type Result } from '@tidemark/core'
import {
  aborted,
  closed,
  conflict,
  outcomeUnknown,
  type InitError,
  type ReplaceError,
} from '../errors.ts'
import type { Stored } from '../log-persistence.ts'
import { newRow, type LogKeys } from '../sql/state-row.ts'
import type { SqliteConnection } from './sqlite-driver.ts'
import { isBusy, sqliteFault } from './sqlite-fault.ts'
import type { StateTable } from './state-table.ts'

/** A transaction holds so many writes, and so many bytes, before it is committed. */
const MAX_BATCH = 1024
const MAX_BATCH_BYTES = 8 * 1024 * 1024

/** Between two tries to get the lock from another process: time for its commit. */
const RETRY_MS = 5

/** One write that was asked for. */
interface Write {
  readonly logId: string
  readonly expected: number
  readonly bytes: Uint8Array
  readonly signal: AbortSignal | undefined
  readonly askedMs: number
  readonly settle: (outcome: Result<Stored, ReplaceError>) => void
}

/** What a write came to, were the transaction to commit. */
type Judged = readonly [Write, Result<Stored, ReplaceError>]

/** What a {@link GroupCommit} works with. */
export interface GroupCommitParts {
  readonly connection: SqliteConnection
  readonly table: StateTable
  readonly keys: LogKeys
  readonly clock: Clock
  readonly timeoutMs: number
}

/**
 * Commits the writes that are asked for at the same time in one transaction: `BEGIN IMMEDIATE`,
 * each write judged against what is stored, `COMMIT`, without a pause in between. A write is
 * acknowledged after the commit that holds it.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts
  #waiting: Write[] = []
  #isRunning = false
  #hasFailed = false
  #lastSize = 0

  constructor(parts: GroupCommitParts) {
    this.#parts = parts
  }

  /** Asks for a write. */
  replace(
    logId: string,
    expected: number,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): AsyncResult<Stored, ReplaceError> {
    return new Promise((settle) => {
      const askedMs = this.#parts.clock.nowMs()
      this.#waiting.push({ logId, expected, bytes, signal, askedMs, settle })
      if (!this.#isRunning) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0) {
      // Until everybody who is about to write has asked; a lone writer waits for nobody.
      await (this.#lastSize > 1 ? setImmediate() : Promise.resolve())
      this.#dropAborted()
      if (this.#waiting.length === 0) break
      if (this.#hasFailed) this.#refuse(() => closed('store', 'failed'))
      else if (!this.#begin()) await this.#parts.clock.sleep(RETRY_MS)
      else this.#commit(this.#nextBatch())
    }
    this.#isRunning = false
  }

  /** Gets the write lock; false when somebody else holds it. */
  #begin(): boolean {
    try {
      this.#parts.connection.exec('BEGIN IMMEDIATE')
      return true
    } catch (thrown) {
      const error = sqliteFault('begin a transaction', thrown)
      const oldestMs = isBusy(thrown) ? this.#parts.clock.nowMs() - this.#parts.timeoutMs : Infinity
      this.#refuse(() => error, oldestMs)
      return false
    }
  }

  #commit(batch: readonly Write[]): void {
    const judged = this.#judge(batch)
    if (judged === undefined) return
    const written = judged.filter(([, outcome]) => outcome.ok)
    try {
      this.#parts.connection.exec(written.length === 0 ? 'ROLLBACK' : 'COMMIT')
    } catch (thrown) {
      // Whether the commit reached the disk, only the next opening will tell.
      this.#rollBack()
      this.#hasFailed = true
      for (const [{ logId, settle }, outcome] of judged) {
        settle(outcome.ok ? err(outcomeUnknown(logId, 'sync-failed', thrown)) : outcome)
      }
      return
    }
    for (const [write, outcome] of judged) {
      if (!outcome.ok) {
        write.settle(outcome)
        continue
      }
      const { revision } = outcome.value
      this.#parts.table.remember(write.logId, { revision, bytes: write.bytes })
      write.settle(ok({ revision, bytes: write.bytes.slice() }))
    }
  }

  /** Writes what may be written, under the lock; `undefined` when nothing of it came to be. */
  #judge(batch: readonly Write[]): readonly Judged[] | undefined {
    try {
      this.#parts.table.refresh()
      const inBatch = new Map<string, Stored>()
      return batch.map((write) => [write, this.#judgeOne(write, inBatch)])
    } catch (thrown) {
      this.#rollBack()
      const error = sqliteFault('write', thrown)
      for (const { settle } of batch) settle(err(error))
      return undefined
    }
  }

  #judgeOne(write: Write, inBatch: Map<string, Stored>): Result<Stored, ReplaceError> {
    const { logId, expected, bytes } = write
    const { table, keys } = this.#parts
    const written = inBatch.get(logId)
    const found = written === undefined ? table.read(logId) : ok(written)
    if (!found.ok) return found
    const { revision } = found.value
    if (revision !== expected) {
      const current = { revision, bytes: found.value.bytes?.slice() }
      return err(conflict(logId, expected, current))
    }
    const row = newRow(logId, keys.keyOf(logId), expected + 1, bytes)
    if (!table.write(row)) return err(conflict(logId, expected, undefined))
    inBatch.set(logId, row)
    return ok(row)
  }

  #rollBack(): void {
    this.#parts.table.forget()
    try {
      this.#parts.connection.exec('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself.
    }
  }

  #nextBatch(): Write[] {
    let [count, size] = [0, 0]
    for (const { bytes } of this.#waiting) {
      if (count >= MAX_BATCH || (count > 0 && size + bytes.length > MAX_BATCH_BYTES)) break
      count += 1
      size += bytes.length
    }
    this.#lastSize = count
    return this.#waiting.splice(0, count)
  }

  /** Refuses the writes asked for before a moment. */
  #refuse(error: () => InitError, beforeMs = Infinity): void {
    const refused = this.#waiting.filter(({ askedMs }) => askedMs <= beforeMs)
    this.#waiting = this.#waiting.filter(({ askedMs }) => askedMs > beforeMs)
    for (const { settle } of refused) settle(err(error()))
  }

  #dropAborted(): void {
    const fired = this.#waiting.filter(({ signal }) => signal?.aborted === true)
    if (fired.length === 0) return
    this.#waiting = this.#waiting.filter(({ signal }) => signal?.aborted !== true)
    for (const { signal, settle } of fired) settle(err(aborted('replace', signal?.reason)))
  }
}

import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { closedError } from '../blob/gate.ts'
import type { CommitLog, Damage, LogRecord, Seq } from '../log/commit-log.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, type AsyncResult } from '../result/result.ts'
import type { Clock } from './clock.ts'
import { beat, beatReleased, heartbeatKey } from './heartbeat.ts'
import type { Lease, OwnerAppendError, Predecessor } from './lease.ts'

/** What an owner works with. */
export interface OwnerParts {
  readonly store: BlobStore
  readonly prefix: string
  readonly log: CommitLog
  readonly clock: Clock
  readonly beatMs: number
}

/** What acquiring a lease found and wrote. */
export interface Acquired {
  readonly owner: LogRecord
  readonly found: LogRecord | undefined
  readonly takenOverFrom: Predecessor | undefined
  readonly skipped: readonly Damage[]
}

/** A lease in hand: appends under its epoch, and shows signs of life. */
export class OwnedLog implements Lease {
  readonly epoch: Seq
  readonly found: LogRecord | undefined
  readonly takenOverFrom: Predecessor | undefined
  readonly skipped: readonly Damage[]
  readonly #parts: OwnerParts
  readonly #lost = new AbortController()
  #newest: LogRecord
  #over: OwnerAppendError | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #beats = 0
  #timer: { stop: () => void } | undefined

  private constructor(parts: OwnerParts, acquired: Acquired) {
    this.#parts = parts
    this.#newest = acquired.owner
    this.epoch = acquired.owner.seq
    this.found = acquired.found
    this.takenOverFrom = acquired.takenOverFrom
    this.skipped = acquired.skipped
  }

  /** Starts to show signs of life; the predecessor's are swept away. */
  static async begin(parts: OwnerParts, acquired: Acquired): Promise<OwnedLog> {
    const lease = new OwnedLog(parts, acquired)
    await lease.#beat()
    lease.#timer = parts.clock.every(parts.beatMs, () => void lease.#beat())
    const before = acquired.found?.epoch ?? 0
    // Left behind it is only litter.
    if (before > 0) void (await parts.store.delete(heartbeatKey(parts.prefix, before)))
    return lease
  }

  get newest(): LogRecord {
    return this.#newest
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  append(record: Uint8Array, options?: CallOptions): AsyncResult<LogRecord, OwnerAppendError> {
    const turn = this.#queue.then(() => this.#append(record, options))
    this.#queue = turn
    return turn
  }

  async close(): Promise<void> {
    if (this.#over?.code === 'CLOSED') return
    const wasOwner = this.#over === undefined
    this.#over ??= closedError('lease')
    this.#timer?.stop()
    await this.#queue
    const { store, prefix } = this.#parts
    if (wasOwner) await beatReleased(store, heartbeatKey(prefix, this.epoch))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #append(
    record: Uint8Array,
    options?: CallOptions,
  ): AsyncResult<LogRecord, OwnerAppendError> {
    if (this.#over !== undefined) return err(this.#over)
    const { log } = this.#parts
    const appended = await log.append(this.#newest, record, { ...options, epoch: this.epoch })
    if (appended.ok) {
      this.#newest = appended.value
      return appended
    }
    const { error } = appended
    if (error.code === 'CONFLICT' && error.details.reason === 'taken')
      return err(this.#lose(this.#fenced(error.details.seq)))
    // The record may exist: until somebody has looked, nothing can be built on either answer.
    if (error.code === 'OUTCOME_UNKNOWN') this.#lose(error)
    return appended
  }

  /** One sign of life. That it failed is for the next append to find out. */
  async #beat(): Promise<void> {
    if (this.#over !== undefined) return
    const { store, prefix } = this.#parts
    await beat(store, heartbeatKey(prefix, this.epoch), (this.#beats += 1))
  }

  #lose<E extends OwnerAppendError>(error: E): E {
    this.#over ??= error
    this.#timer?.stop()
    this.#lost.abort(error)
    return error
  }

  #fenced(by: Seq | undefined): CoreError<'FENCED'> {
    const what = this.#parts.prefix
    const message = `${what}: another owner has taken over; stop, nothing you write counts any more`
    const details = { what, epoch: this.epoch, ...(by === undefined ? {} : { by }) }
    return coreError('FENCED', message, details)
  }
}

import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CommitLog,
  type Lease,
  type Result,
} from '@tidemark/core'
import type { WriteStoreError } from '../store/store-errors.ts'
import type { Collector } from './collector.ts'
import { spill, type Head } from './head.ts'
import type { Found } from './history.ts'
import { encodeRecord, NO_BODY, type Body } from './record.ts'

/** What a change makes of the head, and the checkpoint that its record holds. */
export interface Change<T> {
  readonly head: Head
  readonly body?: Partial<Body>
  readonly inline?: Uint8Array
  readonly value: T
}

/** A change, or a value that needs none. */
export type Plan<T> = Result<Change<T> | { readonly value: T }, WriteStoreError>

/** Makes a plan for the head as it is; `seq` is the number of the record to be. */
export type Planner<T> = (head: Head, seq: number) => Plan<T> | Promise<Plan<T>>

/** A record holds this much, owner and digests aside. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024

/** So often truncation is tried: it costs two reads, and frees nothing below 64 records. */
const TRUNCATE_EVERY = 64

/** What a ledger works with. */
export interface LedgerParts {
  readonly log: CommitLog
  readonly lease: Lease
  readonly collector: Collector
  /** Whether old entries move to segments; under a limit they are few, and retention counts them. */
  readonly spills: boolean
  /** Called after every change, when it is durable. */
  readonly afterChange: () => void
}

/**
 * The one place where a store changes: each change is one record after the newest, made from the
 * head that the record before it left. One at a time, in the order of the calls.
 */
export class Ledger {
  readonly #collector: Collector
  readonly #log: CommitLog
  readonly #lease: Lease
  readonly #spills: boolean
  readonly #afterChange: () => void
  #found: Found
  #head: Head
  #queue: Promise<unknown> = Promise.resolve()
  #truncating: Promise<unknown> = Promise.resolve()

  constructor(parts: LedgerParts, found: Found & { readonly head: Head }) {
    this.#collector = parts.collector
    this.#log = parts.log
    this.#lease = parts.lease
    this.#found = found
    this.#head = found.head
    this.#spills = parts.spills
    this.#afterChange = parts.afterChange
  }

  get head(): Head {
    return this.#head
  }

  /** The head, and where it lies. */
  get found(): Found {
    return this.#found
  }

  /** The number under which this handle owns the store. */
  get epoch(): number {
    return this.#lease.epoch
  }

  /** Whether somebody else is known to own the store now. */
  get isDisplaced(): boolean {
    return this.#lease.lost.aborted
  }

  /** Plans and writes one change. After `ok` it is durable, and what every reader sees. */
  change<T>(plan: Planner<T>, options?: CallOptions): AsyncResult<T, WriteStoreError> {
    const turn = this.#queue.then(() => this.#change(plan, options))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /** Waits for what was begun, and lets go of the store. */
  async close(): Promise<void> {
    await this.#queue
    await this.#truncating
    await this.#lease.close()
  }

  async #change<T>(plan: Planner<T>, options?: CallOptions): AsyncResult<T, WriteStoreError> {
    // A lease that is lost answers with its reason, and writes nothing.
    if (this.isDisplaced) return this.#refusal()
    const seq = this.#lease.newest.seq + 1
    const planned = await plan(this.#collector.tidy(this.#head), seq)
    if (!planned.ok) return planned
    if (!('head' in planned.value)) return ok(planned.value.value)
    const { head, body, inline, value } = planned.value
    const spilled =
      this.#spills && body?.segment === undefined ? spill(head, seq) : { head, segment: [] }
    const segment = body?.segment ?? spilled.segment
    const payload = encodeRecord({
      head: spilled.head,
      body: { ...NO_BODY, ...body, segment },
      inline: inline ?? new Uint8Array(),
    })
    if (payload.length > MAX_RECORD_BYTES) return err(tooLong(payload.length))
    const appended = await this.#lease.append(payload, options)
    if (!appended.ok) return appended
    this.#head = spilled.head
    this.#found = { head: spilled.head, seq, damaged: [] }
    if (seq % TRUNCATE_EVERY === 0) this.#truncate(spilled.head, seq)
    this.#afterChange()
    return ok(value)
  }

  async #refusal(): AsyncResult<never, WriteStoreError> {
    const refused = await this.#lease.append(new Uint8Array())
    if (!refused.ok) return refused
    throw new TypeError('a lease that is lost does not append')
  }

  /** Beside the saves, never before one: what it frees is void already. */
  #truncate(head: Head, seq: number): void {
    const live = head.entries.map((entry) => entry.seq)
    const lowest = Math.min(seq, ...head.segments.map(({ lowestSeq }) => lowestSeq))
    const keep = live.filter((n) => n < lowest)
    this.#truncating = this.#truncating.then(() => this.#log.truncate(lowest, { keep }))
  }
}

function tooLong(actual: number): WriteStoreError {
  const message = `a checkpoint's record holds up to ${MAX_RECORD_BYTES} bytes; stage larger state`
  const details = { limit: 'record', maximum: MAX_RECORD_BYTES, actual }
  return coreError('LIMIT_EXCEEDED', message, details)
}

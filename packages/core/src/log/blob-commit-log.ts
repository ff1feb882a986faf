import { randomBytes } from '#digest'
import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { toHex } from '../digest/hex.ts'
import { coreError } from '../result/core-errors.ts'
import { addDetails } from '../result/error.ts'
import { err, ok, unwrap, type AsyncResult } from '../result/result.ts'
import type {
  AppendError,
  AppendOptions,
  CommitLog,
  Damage,
  LogReadError,
  LogRecord,
  RecordsOptions,
  Salvage,
  Seq,
  Tip,
  TruncateOptions,
  TruncateReport,
} from './commit-log.ts'
import { createOnce, SETTLE, type SettleOptions } from './create-once.ts'
import { counts, type Floor } from './floor.ts'
import { Floors } from './floors.ts'
import { encodeFrame, MAX_PAYLOAD_BYTES, NONCE_BYTES, type Frame } from './frame.ts'
import { lastExisting } from './last-existing.ts'
import { LogBlobs } from './log-blobs.ts'
import { hintKey, recordKey } from './log-keys.ts'
import { predecessorOf, recordOf } from './log-record.ts'
import { readRecords } from './read-records.ts'
import { salvage } from './salvage.ts'
import { MAX_ROUNDS, restlessError, sweepLog, truncateLog, type LogParts } from './truncate.ts'

/** A hint this often: opening looks through so many records at most, in a dozen reads. */
const HINT_EVERY = 64

/** Options of {@link blobCommitLog}. */
export interface BlobCommitLogOptions {
  /** How a lost answer is settled. */
  readonly settle?: SettleOptions
}

/**
 * A {@link CommitLog} on a medium, under a prefix: `<prefix>r1`, `<prefix>r2` …
 *
 * The prefix is any beginning of a key, so that many small logs (`log/<name>.`) can share one
 * directory. Opening does nothing: reads happen when asked for. One handle remembers the newest
 * record it has seen, which makes a steady `latest` two absent reads.
 */
export function blobCommitLog(
  store: BlobStore,
  prefix: string,
  options: BlobCommitLogOptions = {},
): CommitLog {
  return new BlobCommitLog(store, prefix, options.settle ?? SETTLE)
}

class BlobCommitLog implements CommitLog {
  readonly #store: BlobStore
  readonly #prefix: string
  readonly #settle: SettleOptions
  readonly #blobs: LogBlobs
  readonly #floors: Floors
  readonly #parts: LogParts
  /** The newest record seen: durable, and one that counted. */
  #newest: LogRecord | undefined
  /** Every record up to this number is known to survive a power cut. */
  #durableUpTo: Seq = 0

  constructor(store: BlobStore, prefix: string, settle: SettleOptions) {
    this.#store = store
    this.#prefix = prefix
    this.#settle = settle
    this.#blobs = new LogBlobs(store, prefix)
    this.#floors = new Floors(store, prefix, this.#blobs)
    this.#parts = { store, prefix, floors: this.#floors, settle }
  }

  async append(
    after: Tip | undefined,
    payload: Uint8Array,
    options?: AppendOptions,
  ): AsyncResult<LogRecord, AppendError> {
    if (payload.length > MAX_PAYLOAD_BYTES) return err(tooLong(payload.length))
    const seq = (after?.seq ?? 0) + 1
    // Known to be taken: not even tried, so that no void record is left behind.
    if (seq <= (this.#newest?.seq ?? 0)) return err(taken(seq))
    const based = await this.#confirmDurable(after, options)
    if (!based.ok) return based
    const epoch = options?.epoch === 'self' ? seq : (options?.epoch ?? 0)
    const frame: Frame = {
      kind: 'record',
      seq,
      epoch,
      nonce: randomBytes(NONCE_BYTES),
      predecessor: predecessorOf(after),
      payload: payload.slice(),
    }
    const bytes = encodeFrame(frame)
    const key = recordKey(this.#prefix, seq)
    const created = await createOnce(this.#store, key, bytes, this.#settle, options)
    if (!created.ok) return err(addDetails(created.error, { seq }))
    if (created.value === 'taken') return err(taken(seq))
    // Only now: whoever truncated past this number before the create has made it void.
    const floor = await this.#floors.current()
    if (!floor.ok) return err(unsettled(seq, 'no-answer', floor.error))
    if (floor.value.before > seq) return err(unsettled(seq, 'superseded'))
    if (created.value === 'taken-since') return err(taken(seq))
    const record = recordOf({ ...frame, digest: toHex(bytes.subarray(-32)) })
    this.#remember(record)
    if (seq % HINT_EVERY === 0) await this.#hint(seq)
    return ok(record)
  }

  async latest(options?: CallOptions): AsyncResult<LogRecord | undefined, LogReadError> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const seq = await this.#newestNumber(options)
      if (!seq.ok) return seq
      if (seq.value === 0) return ok(undefined)
      if (seq.value === this.#newest?.seq) return ok(this.#newest)
      const found = await this.#blobs.record(seq.value, true, options)
      if (!found.ok) return found
      // Truncated since it was counted: what lies there now may be void, made by a writer that
      // slept. Look again from the new floor.
      const floor = await this.#floors.current(options)
      if (!floor.ok) return floor
      if (found.value === undefined || floor.value.before > seq.value) continue
      if ('frame' in found.value) return ok(this.#remember(recordOf(found.value.frame)))
      return this.#damagedNewest(seq.value, found.value.error, options)
    }
    return err(restlessError())
  }

  async salvage(options?: CallOptions): AsyncResult<Salvage, LogReadError> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const seq = await this.#newestNumber(options)
      if (!seq.ok) return seq
      const { known } = this.#floors
      const saved = await salvage(this.#blobs, seq.value, known, options)
      if (!saved.ok) return saved
      const floor = await this.#floors.current(options)
      if (!floor.ok) return floor
      // What was missing may have been truncated while we looked.
      if (floor.value.index === known.index) return saved
    }
    return err(restlessError())
  }

  async read(seq: Seq, options?: CallOptions): AsyncResult<LogRecord | undefined, LogReadError> {
    const found = await this.#blobs.record(seq, seq > this.#durableUpTo, options)
    if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found
    // After the record: what the floor has passed meanwhile is gone unless kept.
    const floor = await this.#floors.current(options)
    if (!floor.ok) return floor
    if (!counts(floor.value, seq)) return ok(undefined)
    return 'frame' in found.value ? ok(recordOf(found.value.frame)) : err(found.value.error)
  }

  async *records(options: RecordsOptions = {}): AsyncIterable<LogRecord> {
    const newest = unwrap(await this.#newestNumber(options))
    yield* readRecords(this, this.#floors.known, newest, options)
  }

  truncate(before: Seq, options?: TruncateOptions): AsyncResult<TruncateReport, AppendError> {
    return truncateLog(this.#parts, () => this.latest(options), before, options)
  }

  sweep(options?: CallOptions): AsyncResult<TruncateReport, LogReadError> {
    return sweepLog(this.#parts, options)
  }

  /** The number of the newest record, whole or damaged; 0 when there never was one. */
  async #newestNumber(options?: CallOptions): AsyncResult<Seq, LogReadError> {
    if (this.#newest === undefined) {
      const begun = await this.#floors.current(options)
      if (!begun.ok) return begun
    }
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = this.#floors.known
      const start = await this.#start(options)
      if (!start.ok) return start
      const exists = (n: Seq): AsyncResult<boolean, LogReadError> =>
        this.#blobs.recordExists(n, options)
      const last = await lastExisting(start.value, exists)
      if (!last.ok) return last
      const floor = await this.#floors.current(options)
      if (!floor.ok) return floor
      if (floor.value.index !== before.index) continue
      if (last.value >= floor.value.before) return last
      return floor.value.index === 0 ? ok(0) : err(this.#lost(floor.value))
    }
    return err(restlessError())
  }

  /** Where to start looking: a record that exists, or the place before the first that may. */
  async #start(options?: CallOptions): AsyncResult<Seq, LogReadError> {
    const known = Math.max(this.#newest?.seq ?? 0, this.#floors.known.before - 1)
    if (this.#newest !== undefined) return ok(known)
    const hint = await this.#blobs.hint(options)
    if (!hint.ok || hint.value <= known) return hint.ok ? ok(known) : hint
    const exists = await this.#blobs.recordExists(hint.value, options)
    if (!exists.ok) return exists
    return ok(exists.value ? hint.value : known)
  }

  /** What is built on must outlive what is built: another's name may be visible, not yet durable. */
  async #confirmDurable(
    after: Tip | undefined,
    options?: CallOptions,
  ): AsyncResult<void, LogReadError> {
    if (after === undefined || after.seq <= this.#durableUpTo) return ok()
    const found = await this.#blobs.record(after.seq, true, options)
    if (!found.ok) return found
    this.#durableUpTo = Math.max(this.#durableUpTo, after.seq)
    return ok()
  }

  async #damagedNewest(
    seq: Seq,
    damage: Damage['error'],
    options?: CallOptions,
  ): AsyncResult<never, LogReadError> {
    if (damage.code === 'UNSUPPORTED_VERSION') return err(damage)
    const saved = await salvage(this.#blobs, seq, this.#floors.known, options)
    if (!saved.ok) return saved
    const key = recordKey(this.#prefix, seq)
    const lastGoodSeq = saved.value.record?.seq ?? 0
    const { reason } = damage.details
    const message = `${key}, the newest record, is damaged: ${reason}; the last whole one is ${lastGoodSeq}`
    return err(coreError('CORRUPTED', message, { what: 'record', reason, key, seq, lastGoodSeq }))
  }

  #lost(floor: Floor): LogReadError {
    const key = recordKey(this.#prefix, floor.before)
    const reason = 'the newest record is missing'
    const message = `${key} must exist, for the log was truncated up to it; restore it`
    return coreError('CORRUPTED', message, { what: 'record', reason, key, seq: floor.before })
  }

  #remember(record: LogRecord): LogRecord {
    if (record.seq > (this.#newest?.seq ?? 0)) this.#newest = record
    this.#durableUpTo = Math.max(this.#durableUpTo, record.seq)
    return record
  }

  /** A lost hint costs a few reads, so its failure is nobody's business. */
  async #hint(seq: Seq): Promise<void> {
    const digits = Uint8Array.from(String(seq), (digit) => digit.charCodeAt(0))
    void (await this.#store.put(hintKey(this.#prefix), digits, { durable: false }))
  }
}

function taken(seq: Seq): AppendError {
  const message = `record ${seq} exists already: somebody else was first; read latest and decide`
  return coreError('CONFLICT', message, { seq, reason: 'taken' })
}

function unsettled(seq: Seq, reason: 'no-answer' | 'superseded', cause?: unknown): AppendError {
  const message =
    reason === 'superseded'
      ? `the log was truncated past record ${seq}; whether it won before that is unknown`
      : `whether record ${seq} was appended is unknown; read latest before you append again`
  return coreError('OUTCOME_UNKNOWN', message, { operation: 'append', seq, reason }, cause)
}

function tooLong(actual: number): AppendError {
  const message = `a record holds up to ${MAX_PAYLOAD_BYTES} bytes; stage larger things beside it`
  const details = { limit: 'record', maximum: MAX_PAYLOAD_BYTES, actual }
  return coreError('LIMIT_EXCEEDED', message, details)
}

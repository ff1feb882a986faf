import { blobCommitLog, encodeName, err, ok } from '@tidemark/core'
import type { AsyncResult, BlobStore, CallOptions, CommitLog } from '@tidemark/core'
import { conflict, damaged, outcomeUnknown } from '../errors.ts'
import type { InitError, ReadError, ReplaceError } from '../errors.ts'
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
import type { StoreLife } from '../store-life.ts'
import { decodeRecord, encodeRecord } from './checkpoint-record.ts'
import { fromLog } from './from-log.ts'
import { openInstance } from './instance.ts'
import { listLogs, LOGS } from './list-logs.ts'

/** Options of {@link blobPersistence}. */
export interface BlobPersistenceOptions extends PersistenceOptions, StoreLife {}

/** So many logs are remembered with their newest record; the others cost a few reads more. */
const MAX_REMEMBERED_LOGS = 10_000

/** Old records are given up this often … */
const TRUNCATE_EVERY = 128

/** … but for so many, so that a late writer is told of its defeat and not left in doubt. */
const KEPT_RECORDS = 64

/**
 * A store on any medium: the revisions of a log are the records of a commit log, `log/<id>.`.
 *
 * As durable, and as shared between processes, as the medium says of itself. `close` leaves the
 * medium open. A damaged newest record freezes its log: `CORRUPTED` until it is restored.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { blobPersistence } from '@tidemark/log-persistence'
 *
 * const store = blobPersistence(new MemoryBlobStore())
 * unwrap(await store.replace('example.com/log', 0, new Uint8Array([1]))).revision // => 1
 */
export function blobPersistence(
  store: BlobStore,
  options: BlobPersistenceOptions = {},
): LogStatePersistence {
  return persistenceOn(new BlobBackend(store, options), options)
}

class BlobBackend implements LogStateBackend {
  readonly supports: LogStateSupport
  readonly #store: BlobStore
  readonly #life: StoreLife
  readonly #logs = new Map<string, CommitLog>()

  constructor(store: BlobStore, life: StoreLife) {
    this.#store = store
    this.#life = life
    this.supports = { durable: store.supports.durable, crossProcess: store.supports.crossProcess }
  }

  init(options: CallOptions): AsyncResult<StoreInfo, InitError> {
    return openInstance(this.#store, this.#life, options)
  }

  async snapshot(logId: string, options: CallOptions): AsyncResult<Snapshot, ReadError> {
    return this.#read(logId, this.#log(logId), options)
  }

  async replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
    options: CallOptions,
  ): AsyncResult<Stored, ReplaceError> {
    const log = this.#log(logId)
    const tip = await log.latest(options)
    if (!tip.ok) return err(fromLog(tip.error))
    const revision = tip.value?.seq ?? 0
    if (revision !== expectedRevision) return this.#lost(logId, expectedRevision, log, options)
    const appended = await log.append(tip.value, encodeRecord({ logId, bytes }), options)
    if (appended.ok) {
      await giveUpOld(log, appended.value.seq)
      return ok({ revision: appended.value.seq, bytes })
    }
    const { error } = appended
    if (error.code === 'CONFLICT') return this.#lost(logId, expectedRevision, log, options)
    if (error.code !== 'OUTCOME_UNKNOWN') return err(error)
    return err(outcomeUnknown(logId, error.details.reason, error))
  }

  list(options: ListOptions): AsyncResult<string[], ReadError> {
    return listLogs(this.#store, options)
  }

  async close(): Promise<void> {
    this.#logs.clear()
  }

  /** One handle for each log, the most recently used last. */
  #log(logId: string): CommitLog {
    const known = this.#logs.get(logId)
    const log = known ?? blobCommitLog(this.#store, `${LOGS}${encodeName(logId)}.`)
    this.#logs.delete(logId)
    this.#logs.set(logId, log)
    const [oldest] = this.#logs.keys()
    if (this.#logs.size > MAX_REMEMBERED_LOGS && oldest !== undefined) this.#logs.delete(oldest)
    return log
  }

  async #read(
    logId: string,
    log: CommitLog,
    options: CallOptions,
  ): AsyncResult<Snapshot, InitError> {
    const newest = await log.latest(options)
    if (!newest.ok) return err(fromLog(newest.error))
    if (newest.value === undefined) return ok({ revision: 0, bytes: undefined })
    const record = decodeRecord(newest.value.payload)
    if (record?.logId !== logId) return err(damaged(logId, 'this is the record of another log'))
    return ok({ revision: newest.value.seq, bytes: record.bytes })
  }

  async #lost(
    logId: string,
    expected: number,
    log: CommitLog,
    options: CallOptions,
  ): AsyncResult<never, ReplaceError> {
    const current = await this.#read(logId, log, options)
    if (!current.ok && current.error.code === 'CORRUPTED') return current
    return err(conflict(logId, expected, current.ok ? current.value : undefined))
  }
}

/** Best effort: what is not given up now is given up the next time. */
async function giveUpOld(log: CommitLog, seq: number): Promise<void> {
  if (seq % TRUNCATE_EVERY === 0) void (await log.truncate(seq - KEPT_RECORDS + 1))
}

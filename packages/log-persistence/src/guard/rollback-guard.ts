import { coreError, err, ok, quote } from '@tidemark/core'
import type { AsyncResult, CallOptions, CoreError, Result } from '@tidemark/core'
import { sha256 } from '#digest'
import { equalBytes } from '../bytes.ts'
import {
  damaged,
  outcomeUnknown,
  type InitError,
  type ReadError,
  type ReplaceError,
} from '../errors.ts'
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

/** Options of {@link guardRollback}. */
export interface GuardOptions extends PersistenceOptions {
  /** Refuse reads too when a log is behind its guard. Default: only writes, and `init`. */
  readonly strict?: boolean
}

/** What a guard remembers of a log: 8 bytes revision, big-endian, 32 bytes SHA-256. */
const MEMORY_BYTES = 40

/**
 * A store with a second memory that it cannot take along when it is put back: for each log the
 * guard keeps the highest revision and the digest of what was stored then.
 *
 * The guard is any other store, best on another disk or machine: a few bytes for each log. Every
 * write goes to the store, then to the guard, then is acknowledged. A store behind its guard is
 * `ROLLBACK_DETECTED`: that log is frozen until somebody has restored the newer state. A guard
 * behind its store is a crash between the two, and is brought forward. Closing closes both.
 *
 * @example
 * import { unwrap } from '@tidemark/core'
 * import { guardRollback, memoryPersistence } from '@tidemark/log-persistence'
 *
 * const guard = memoryPersistence()
 * const store = guardRollback(memoryPersistence(), guard)
 * unwrap(await store.replace('example.com/log', 0, new Uint8Array([1])))
 * const emptied = guardRollback(memoryPersistence(), guard)
 * const refused = await emptied.replace('example.com/log', 0, new Uint8Array([2]))
 * refused.ok ? '' : refused.error.code // => 'ROLLBACK_DETECTED'
 */
export function guardRollback(
  store: LogStatePersistence,
  guard: LogStatePersistence,
  options: GuardOptions = {},
): LogStatePersistence {
  return persistenceOn(new GuardedBackend(store, guard, options.strict ?? false), options)
}

class GuardedBackend implements LogStateBackend {
  readonly supports: LogStateSupport
  readonly #store: LogStatePersistence
  readonly #guard: LogStatePersistence
  readonly #isStrict: boolean

  constructor(store: LogStatePersistence, guard: LogStatePersistence, isStrict: boolean) {
    this.#store = store
    this.#guard = guard
    this.#isStrict = isStrict
    this.supports = store.supports
  }

  /**
   * Prepares both. Logs that are behind do not fail it, for the others must go on: their writes
   * are refused one by one. See {@link findRollbacks} to look at all of them.
   */
  async init(options: CallOptions): AsyncResult<StoreInfo, InitError> {
    const guard = await this.#guard.init(options)
    return guard.ok ? this.#store.init(options) : guard
  }

  async snapshot(logId: string, options: CallOptions): AsyncResult<Snapshot, ReadError> {
    if (!this.#isStrict) return this.#store.snapshot(logId, options)
    // The guard first: what it remembers now, the store must have had before.
    const remembered = await recall(this.#guard, logId, options)
    if (!remembered.ok) return remembered
    const found = await this.#store.snapshot(logId, options)
    if (!found.ok) return found
    const rollback = behind(logId, found.value, remembered.value)
    return rollback === undefined ? found : err(rollback)
  }

  async replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
    options: CallOptions,
  ): AsyncResult<Stored, ReplaceError> {
    const remembered = await recall(this.#guard, logId, options)
    if (!remembered.ok) return remembered
    const found = await this.#store.snapshot(logId, options)
    if (!found.ok) return found
    const rollback = behind(logId, found.value, remembered.value)
    if (rollback !== undefined) return err(rollback)
    const replaced = await this.#store.replace(logId, expectedRevision, bytes, options)
    if (!replaced.ok) return replaced
    // Without a signal: the write is made, and acknowledged only when it is remembered.
    const noted = await remember(this.#guard, logId, replaced.value)
    return noted.ok ? replaced : err(outcomeUnknown(logId, 'no-answer', noted.error))
  }

  list(options: ListOptions): AsyncResult<string[], ReadError> {
    return this.#store.logs(options)
  }

  async close(): Promise<void> {
    await this.#store.close()
    await this.#guard.close()
  }
}

/** The logs whose state in a store is older than, or another than, its guard remembers. */
export async function findRollbacks(
  store: LogStatePersistence,
  guard: LogStatePersistence,
  options: CallOptions = {},
): AsyncResult<string[], ReadError> {
  const ids = await guard.logs(options)
  if (!ids.ok) return ids
  const found: string[] = []
  for (const logId of ids.value) {
    const remembered = await recall(guard, logId, options)
    if (!remembered.ok) return remembered
    const stored = await store.snapshot(logId, options)
    if (!stored.ok) return stored
    if (behind(logId, stored.value, remembered.value) !== undefined) found.push(logId)
  }
  return ok(found)
}

/** What a guard knows of a log. */
interface Memory {
  readonly revision: number
  readonly digest: Uint8Array
}

async function recall(
  guard: LogStatePersistence,
  logId: string,
  options: CallOptions,
): AsyncResult<Memory | undefined, ReadError> {
  const found = await guard.latest(logId, options)
  if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found
  return decode(logId, found.value)
}

async function remember(
  guard: LogStatePersistence,
  logId: string,
  { revision, bytes }: Stored,
): AsyncResult<unknown, ReplaceError> {
  const memory = new Uint8Array(MEMORY_BYTES)
  new DataView(memory.buffer).setBigUint64(0, BigInt(revision))
  memory.set(sha256(bytes), 8)
  for (;;) {
    const current = await guard.snapshot(logId)
    if (!current.ok) return current
    const known = current.value.bytes === undefined ? ok() : decode(logId, current.value.bytes)
    if (!known.ok) return known
    // A later write of somebody else was faster: it remembers more.
    if ((known.value?.revision ?? 0) >= revision) return ok()
    const noted = await guard.replace(logId, current.value.revision, memory)
    if (noted.ok || noted.error.code !== 'CONFLICT') return noted
  }
}

function decode(logId: string, memory: Uint8Array): Result<Memory, ReadError> {
  if (memory.length !== MEMORY_BYTES) return err(damaged(logId, 'the guard holds something else'))
  const revision = new DataView(memory.buffer, memory.byteOffset).getBigUint64(0)
  return ok({ revision: Number(revision), digest: memory.subarray(8) })
}

function behind(
  logId: string,
  { revision, bytes }: Snapshot,
  remembered: Memory | undefined,
): CoreError<'ROLLBACK_DETECTED'> | undefined {
  if (remembered === undefined || revision > remembered.revision) return undefined
  const isSame =
    revision === remembered.revision &&
    bytes !== undefined &&
    equalBytes(sha256(bytes), remembered.digest)
  return isSame ? undefined : rolledBack(logId, revision, remembered.revision)
}

function rolledBack(
  logId: string,
  revision: number,
  remembered: number,
): CoreError<'ROLLBACK_DETECTED'> {
  const state = `${quote(logId)} is at revision ${revision}, its guard at ${remembered}`
  const message = `${state}: an older state was put back; sign nothing, and restore the newer one`
  const details = { identifier: logId, found: revision, expected: remembered }
  return coreError('ROLLBACK_DETECTED', message, details)
}

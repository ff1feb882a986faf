import type { AsyncResult, CallOptions, CoreError } from '@tidemark/core'
import type { InitError, ReadError, ReplaceError, UpdateError } from './errors.ts'

/** A log's state at one moment. */
export interface Snapshot {
  /** 0 when nothing was ever stored; then 1, 2, 3 …: each write is one more. */
  readonly revision: number
  /** The latest checkpoint, exactly as stored; `undefined` when nothing was ever stored. */
  readonly bytes: Uint8Array | undefined
}

/** A log's state after a write. */
export interface Stored extends Snapshot {
  readonly bytes: Uint8Array
}

/** What `update` did. */
export interface Updated extends Stored {
  /** How often the function ran; only its last result counts. */
  readonly attempts: number
}

/** What a store can do. */
export interface LogStateSupport {
  /** What an acknowledged write survives: nothing, the end of the process, or a power cut. */
  readonly durable: 'none' | 'process' | 'power'
  /** Whether other processes can work on the same store at the same time. */
  readonly crossProcess: boolean
}

/** What `init` found or made. */
export interface StoreInfo {
  /** 32 lower-case hex digits, drawn when the store was created. Write it beside your key. */
  readonly instanceId: string
  /** Whether this call created the store. */
  readonly created: boolean
}

/** Options of {@link LogStatePersistence.logs}. */
export interface ListOptions extends CallOptions {
  /** Only ids after this one, in byte order of their UTF-8. */
  readonly after?: string
  /** At most so many. */
  readonly limit?: number
}

/** Options of {@link LogStatePersistence.update}. */
export interface UpdateOptions extends CallOptions {
  /** How often the function may run, 1 or more. Default 8. */
  readonly maxAttempts?: number
}

/**
 * Gives the next checkpoint of a log from its latest. Throws to cancel. May run more than once, so
 * it must not act on the world before `update` has succeeded.
 */
export type Revise = (current: Uint8Array | undefined) => Uint8Array | Promise<Uint8Array>

/** Reads one log, live. Holds nothing, needs no close. */
export interface LogStateReadOps {
  /** The latest checkpoint. `CHECKPOINT_NOT_FOUND` when nothing was ever stored. */
  getLatest(
    options?: CallOptions,
  ): AsyncResult<Uint8Array, ReadError | CoreError<'CHECKPOINT_NOT_FOUND'>>
}

/** One intent to write: what was read when it was opened is what `set` is judged against. */
export interface LogStateWriteOps extends LogStateReadOps, AsyncDisposable {
  /**
   * Stores the next checkpoint, if the log is still as it was when this handle was opened. After
   * `ok` it is durable and visible to everybody. Whatever the result, only `close` is legal then.
   *
   * `CONFLICT`: somebody else was first. `OUTCOME_UNKNOWN`: read before you act.
   */
  set(bytes: Uint8Array, options?: CallOptions): AsyncResult<void, ReplaceError>
  /** Ends the intent; without a `set` nothing changes. Waits for a running `set`. Repeatable. */
  close(): AsyncResult<void, never>
}

/**
 * The latest checkpoint of each of many transparency logs. A log is named by any string of 1 to 512
 * UTF-8 bytes; a checkpoint is 1 byte to `maxValueBytes` of anything.
 *
 * The commits of one log form a chain: each has exactly one predecessor, the state its writer saw,
 * also the first, also between processes and machines. Every method prepares the store when it has
 * not been prepared yet.
 *
 * @example
 * import { unwrap } from '@tidemark/core'
 * import { memoryPersistence } from '@tidemark/log-persistence'
 *
 * const store = memoryPersistence()
 * const next = new TextEncoder().encode('example.com/log\n1\n…')
 * unwrap(await store.update('example.com/log', (current) => current ?? next)).revision // => 1
 */
export interface LogStatePersistence extends AsyncDisposable {
  readonly supports: LogStateSupport

  /**
   * Prepares the store: creates what is missing (as far as `create` allows), or checks what is
   * there. Safe to repeat, also from several processes at once. Never changes a checkpoint.
   */
  init(options?: CallOptions): AsyncResult<StoreInfo, InitError>

  /** The ids of all logs that have a checkpoint, in byte order of their UTF-8. */
  logs(options?: ListOptions): AsyncResult<string[], ReadError>

  /** A handle that reads the latest checkpoint at each call. Any valid id will do. */
  readOps(logId: string, options?: CallOptions): AsyncResult<LogStateReadOps, ReadError>

  /** A handle that remembers what is stored now, and may replace it once. Close it. */
  writeOps(logId: string, options?: CallOptions): AsyncResult<LogStateWriteOps, ReadError>

  /** The latest checkpoint; `undefined` only when nothing was ever stored. */
  latest(logId: string, options?: CallOptions): AsyncResult<Uint8Array | undefined, ReadError>

  /**
   * Replaces the latest checkpoint by what `revise` makes of it. When somebody else was first,
   * `revise` runs again on what they stored; after `maxAttempts` it is `CONFLICT`. Nothing is held
   * while `revise` runs: it may call any method of the store.
   *
   * `CALLBACK_FAILED`: `revise` threw, nothing was stored. `OUTCOME_UNKNOWN`: release nothing.
   */
  update(logId: string, revise: Revise, options?: UpdateOptions): AsyncResult<Updated, UpdateError>

  /** The latest checkpoint with its revision. */
  snapshot(logId: string, options?: CallOptions): AsyncResult<Snapshot, ReadError>

  /**
   * Stores a checkpoint if the log is still at `expectedRevision` (0: nothing stored yet).
   * `CONFLICT` carries what is stored instead as `error.current`.
   */
  replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
    options?: CallOptions,
  ): AsyncResult<Stored, ReplaceError>

  /** Lets running calls finish, then lets go of what the store opened itself. Repeatable. */
  close(): Promise<void>
}

/**
 * What a backend implements: three calls, a beginning and an end. {@link persistenceOn} makes a
 * {@link LogStatePersistence} of it, and checks every argument before it gets here.
 *
 * Bytes that come in are the backend's to keep; bytes that go out are the caller's to change.
 * Prove an implementation with `logPersistenceContract` from `@tidemark/log-persistence/testing`.
 */
export interface LogStateBackend {
  readonly supports: LogStateSupport
  /** See {@link LogStatePersistence.init}. Called until it succeeds, never twice at a time. */
  init(options: CallOptions): AsyncResult<StoreInfo, InitError>
  /** The state of one log: linearizable with every `replace` of it. */
  snapshot(logId: string, options: CallOptions): AsyncResult<Snapshot, ReadError>
  /** Writes revision `expectedRevision` + 1 if the log is at `expectedRevision`. */
  replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
    options: CallOptions,
  ): AsyncResult<Stored, ReplaceError>
  /** The ids that have a checkpoint, in byte order. */
  list(options: ListOptions): AsyncResult<string[], ReadError>
  /** Lets go of what the backend opened. Called once, when no call is running. */
  close(): Promise<void>
}

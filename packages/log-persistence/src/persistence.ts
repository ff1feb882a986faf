import { err, ok, systemClock } from '@tidemark/core'
import type { AsyncResult, CallOptions, Clock } from '@tidemark/core'
import { aborted, closed, invalidArgument } from './errors.ts'
import type { InitError, ReadError, ReplaceError, UpdateError } from './errors.ts'
import { readHandle, WriteHandle } from './handles.ts'
import { logIdError, maxValueBytes, revisionError, valueError } from './limits.ts'
import type {
  ListOptions,
  LogStateBackend,
  LogStatePersistence,
  LogStateReadOps,
  LogStateSupport,
  LogStateWriteOps,
  Revise,
  Snapshot,
  Stored,
  StoreInfo,
  Updated,
  UpdateOptions,
} from './log-persistence.ts'
import { Turns } from './turns.ts'
import { runUpdate } from './update.ts'

/** Options of every store. */
export interface PersistenceOptions {
  /** The largest checkpoint. Default 1 MiB, at least 64 KiB. */
  readonly maxValueBytes?: number
  /** Time; the platform's by default. */
  readonly clock?: Clock
  /** Numbers from 0 to 1, for the jitter of retries. */
  readonly random?: () => number
}

/**
 * Both generations of the interface, on a backend's three calls: checks every argument, copies
 * bytes in, prepares the store at the first call, runs functions and handles.
 */
export function persistenceOn(
  backend: LogStateBackend,
  options: PersistenceOptions = {},
): LogStatePersistence {
  return new Persistence(backend, options)
}

class Persistence implements LogStatePersistence {
  readonly supports: LogStateSupport
  readonly #backend: LogStateBackend
  readonly #maxValueBytes: number
  readonly #turns: Turns
  readonly #clock: Clock
  readonly #random: () => number
  #info: StoreInfo | undefined
  #preparing: AsyncResult<StoreInfo, InitError> | undefined
  #closing: Promise<void> | undefined
  #running = 0
  #idle: (() => void) | undefined

  constructor(backend: LogStateBackend, options: PersistenceOptions) {
    this.#backend = backend
    this.supports = backend.supports
    this.#maxValueBytes = maxValueBytes(options.maxValueBytes)
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#turns = new Turns(this.#clock)
  }

  async init(options?: CallOptions): AsyncResult<StoreInfo, InitError> {
    if (this.#closing !== undefined) return err(closed('store', 'closed'))
    if (options?.signal?.aborted === true) return err(aborted('init', options.signal.reason))
    if (this.#info !== undefined) return ok({ ...this.#info, created: false })
    return this.#run(() => this.#prepare())
  }

  async logs(options: ListOptions = {}): AsyncResult<string[], ReadError> {
    const { limit } = options
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
      return err(invalidArgument('limit', 'must be 0 or a whole number'))
    }
    return this.#call('logs', options, () => this.#backend.list(options))
  }

  async readOps(logId: string, options?: CallOptions): AsyncResult<LogStateReadOps, ReadError> {
    const refused = logIdError(logId)
    if (refused !== undefined) return err(refused)
    return this.#call('readOps', options, async () => ok(readHandle(this, logId)))
  }

  async writeOps(logId: string, options?: CallOptions): AsyncResult<LogStateWriteOps, ReadError> {
    const found = await this.snapshot(logId, options)
    return found.ok ? ok(new WriteHandle(this, logId, found.value)) : found
  }

  async latest(
    logId: string,
    options?: CallOptions,
  ): AsyncResult<Uint8Array | undefined, ReadError> {
    const found = await this.snapshot(logId, options)
    return found.ok ? ok(found.value.bytes) : found
  }

  snapshot(logId: string, options: CallOptions = {}): AsyncResult<Snapshot, ReadError> {
    const refused = logIdError(logId)
    if (refused !== undefined) return Promise.resolve(err(refused))
    return this.#call('snapshot', options, () => this.#backend.snapshot(logId, options))
  }

  replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
    options: CallOptions = {},
  ): AsyncResult<Stored, ReplaceError> {
    const refused =
      logIdError(logId) ?? revisionError(expectedRevision) ?? valueError(bytes, this.#maxValueBytes)
    if (refused !== undefined) return Promise.resolve(err(refused))
    // Not `slice`: that of a Buffer shares its memory.
    const kept = new Uint8Array(bytes)
    return this.#call('replace', options, () =>
      this.#backend.replace(logId, expectedRevision, kept, options),
    )
  }

  async update(
    logId: string,
    revise: Revise,
    options: UpdateOptions = {},
  ): AsyncResult<Updated, UpdateError> {
    const { maxAttempts = 8 } = options
    if (!(Number.isSafeInteger(maxAttempts) && maxAttempts >= 1)) {
      return err(invalidArgument('maxAttempts', 'must be 1 or more'))
    }
    const turn = { logId }
    const waiting = this.#turns.take(turn)
    const think = (isThinking: boolean): void => this.#turns.think(turn, isThinking)
    const parts = { store: this, think, sleep: this.#clock.sleep, random: this.#random }
    try {
      if (waiting !== undefined) await waiting
      return await runUpdate(parts, logId, revise, maxAttempts, options.signal)
    } finally {
      this.#turns.pass(turn)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Runs a call of the backend on a prepared store. Every promise on this path is paid for. */
  #call<T, E>(
    operation: string,
    options: CallOptions | undefined,
    call: () => AsyncResult<T, E>,
  ): AsyncResult<T, E | InitError> {
    if (this.#closing !== undefined) return Promise.resolve(err(closed('store', 'closed')))
    const signal = options?.signal
    if (signal?.aborted === true) return Promise.resolve(err(aborted(operation, signal.reason)))
    if (this.#info !== undefined) return this.#run(call)
    return this.#run(async () => {
      const prepared = await this.#prepare()
      if (!prepared.ok) return prepared
      if (signal?.aborted === true) return err(aborted(operation, signal.reason))
      return call()
    })
  }

  /** Prepares the store once for all who ask; a failure is tried again by the next. */
  #prepare(): AsyncResult<StoreInfo, InitError> {
    this.#preparing ??= this.#backend.init({}).then((prepared) => {
      if (prepared.ok) this.#info = prepared.value
      this.#preparing = undefined
      return prepared
    })
    return this.#preparing
  }

  async #run<T>(call: () => Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await call()
    } finally {
      this.#running -= 1
      if (this.#running === 0) this.#idle?.()
    }
  }

  async #finish(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await this.#backend.close()
  }
}

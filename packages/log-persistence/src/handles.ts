import {
  coreError,
  err,
  ok,
  quote,
  type AsyncResult,
  type CallOptions,
  type CoreError,
  type Result,
} from '@tidemark/core'
import { aborted, closed, type ReadError, type ReplaceError } from './errors.ts'
import type {
  LogStatePersistence,
  LogStateReadOps,
  LogStateWriteOps,
  Snapshot,
} from './log-persistence.ts'

type NotFound = CoreError<'CHECKPOINT_NOT_FOUND'>

/** A live reader of one log. */
export function readHandle(store: LogStatePersistence, logId: string): LogStateReadOps {
  return {
    getLatest: async (options) => {
      const found = await store.latest(logId, options)
      return found.ok ? present(logId, found.value) : found
    },
  }
}

/** A writer of one log, judged against the snapshot it was opened on. */
export class WriteHandle implements LogStateWriteOps {
  readonly #store: LogStatePersistence
  readonly #logId: string
  readonly #snapshot: Snapshot
  #state: 'open' | 'spent' | 'closed' = 'open'
  #setting: Promise<unknown> | undefined

  constructor(store: LogStatePersistence, logId: string, snapshot: Snapshot) {
    this.#store = store
    this.#logId = logId
    this.#snapshot = snapshot
  }

  async getLatest(options?: CallOptions): AsyncResult<Uint8Array, ReadError | NotFound> {
    if (this.#state !== 'open') return err(closed('write handle', this.#state))
    if (options?.signal?.aborted === true) return err(aborted('getLatest', options.signal.reason))
    return present(this.#logId, this.#snapshot.bytes?.slice())
  }

  async set(bytes: Uint8Array, options?: CallOptions): AsyncResult<void, ReplaceError> {
    if (this.#state !== 'open') return err(closed('write handle', this.#state))
    this.#state = 'spent'
    const setting = this.#store.replace(this.#logId, this.#snapshot.revision, bytes, options)
    this.#setting = setting
    const replaced = await setting
    return replaced.ok ? ok() : replaced
  }

  async close(): AsyncResult<void, never> {
    this.#state = 'closed'
    await this.#setting
    return ok()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Closing cannot fail.
    void (await this.close())
  }
}

function present(logId: string, bytes: Uint8Array | undefined): Result<Uint8Array, NotFound> {
  if (bytes !== undefined) return ok(bytes)
  const message = `${quote(logId)} has no checkpoint yet`
  return err(coreError('CHECKPOINT_NOT_FOUND', message, { identifier: logId }))
}

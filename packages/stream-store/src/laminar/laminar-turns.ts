import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CommitLog,
  type Lease,
} from '@tidemark/core'
import type { WriteStoreError } from '../store/store-errors.ts'

/** One change at a time, by the owner of the directory alone. */
export class LaminarTurns {
  readonly #log: CommitLog
  readonly #lease: Lease
  #queue: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor({ log, lease }: { readonly log: CommitLog; readonly lease: Lease }) {
    this.#log = log
    this.#lease = lease
  }

  /** Runs a change after those before it. `FENCED`: the directory was taken over; nothing is done. */
  take<T>(
    work: () => AsyncResult<T, WriteStoreError>,
    options?: CallOptions,
  ): AsyncResult<T, WriteStoreError> {
    const turn = this.#queue.then(async () => {
      if (this.#isClosed) return err(closed())
      const owner = await this.confirmOwner(options)
      return owner.ok ? work() : owner
    })
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  /** Asks the log whether this is the owner still: whoever was displaced must not claim success. */
  async confirmOwner(options?: CallOptions): AsyncResult<void, WriteStoreError> {
    const newest = await this.#log.latest(options)
    if (!newest.ok) return newest
    const { epoch } = this.#lease
    const by = newest.value?.epoch
    if (by === epoch) return ok()
    const message = 'another process has taken this directory over; stop writing'
    const details = { what: 'checkpoints', epoch, ...(by === undefined ? {} : { by }) }
    return err(coreError('FENCED', message, details))
  }

  /** Lets the changes that were begun end, and gives the directory up. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#queue
    await this.#lease.close()
  }
}

function closed(): WriteStoreError {
  const details = { what: 'store', reason: 'closed' } as const
  return coreError('CLOSED', 'this store is closed; open it again', details)
}

import { err, ok, type AsyncResult, type Clock, type Result } from '@tidemark/core'
import type { InitError } from '../errors.ts'
import type { Snapshot } from '../log-persistence.ts'
import { isBusy, sqliteFault } from './sqlite-fault.ts'
import type { StateTable } from './state-table.ts'

/** Between two tries when another process holds the lock, which for a reader is rare and short. */
const RETRY_MS = 5

interface Read {
  readonly logId: string
  readonly settle: (outcome: Result<Snapshot, InitError>) => void
}

/**
 * Reads that are asked for in one turn of the event loop share one look at the database, taken
 * after the last of them asked: each sees every commit that was acknowledged before it.
 */
export class SharedReads {
  readonly #table: StateTable
  readonly #clock: Clock
  readonly #timeoutMs: number
  #waiting: Read[] = []

  constructor(table: StateTable, clock: Clock, timeoutMs: number) {
    this.#table = table
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** Asks for a log. */
  snapshot(logId: string): AsyncResult<Snapshot, InitError> {
    return new Promise((settle) => {
      this.#waiting.push({ logId, settle })
      if (this.#waiting.length === 1) queueMicrotask(() => void this.#look())
    })
  }

  async #look(): Promise<void> {
    const reads = this.#waiting
    this.#waiting = []
    const begunMs = this.#clock.nowMs()
    for (;;) {
      try {
        this.#table.refresh()
        const found = reads.map(({ logId }) => this.#table.read(logId))
        for (const [i, outcome] of found.entries()) reads[i]?.settle(copied(outcome))
        return
      } catch (thrown) {
        if (isBusy(thrown) && this.#clock.nowMs() - begunMs < this.#timeoutMs) {
          await this.#clock.sleep(RETRY_MS)
          continue
        }
        const error = sqliteFault('read', thrown)
        for (const { settle } of reads) settle(err(error))
        return
      }
    }
  }
}

function copied(outcome: Result<Snapshot, InitError>): Result<Snapshot, InitError> {
  if (!outcome.ok) return outcome
  const { revision, bytes } = outcome.value
  return ok({ revision, bytes: bytes?.slice() })
}

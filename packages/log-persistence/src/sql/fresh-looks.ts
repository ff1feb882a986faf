import type { Clock } from '@tidemark/core'

/**
 * A look at a row is as good as another for this long: an update reads, thinks, writes. Longer ago,
 * the row is looked at again before it is replaced, so that damage is found and not painted over.
 */
const FRESH_MS = 1000

/** So many are remembered; without a memory there is one statement more. */
const MAX_LOOKS = 10_000

/** Which revisions have just been read, and found whole. Each serves one write. */
export class FreshLooks {
  readonly #clock: Clock
  readonly #looks = new Map<string, { readonly revision: number; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes that a row was read, and whole. */
  note(logId: string, revision: number): void {
    if (this.#looks.size >= MAX_LOOKS) this.#looks.clear()
    this.#looks.set(logId, { revision, atMs: this.#clock.nowMs() })
  }

  /** Whether this revision has just been read; only once. */
  take(logId: string, revision: number): boolean {
    const look = this.#looks.get(logId)
    this.#looks.delete(logId)
    return look?.revision === revision && this.#clock.nowMs() - look.atMs < FRESH_MS
  }
}

import type { Clock } from '@tidemark/core'

/**
 * How long one update may keep the others of its log waiting. A turn is a courtesy that spares
 * conflicts, never a lock: correctness does not rest on it, so a slow function, or one that updates
 * its own log, only costs the others this long.
 */
const COURTESY_MS = 50

/** One update's place in the queue of its log. */
export type Turn = object

interface Queue {
  holder: Turn
  readonly waiting: { readonly turn: Turn; readonly go: () => void }[]
}

/** Lets the updates of one log run one after the other, in the order they came. */
export class Turns {
  readonly #queues = new Map<string, Queue>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a place: `undefined` when it is our turn already, else what to wait for. */
  take(logId: string, turn: Turn): Promise<void> | undefined {
    const queue = this.#queues.get(logId)
    if (queue === undefined) {
      this.#queues.set(logId, { holder: turn, waiting: [] })
      return undefined
    }
    return new Promise((go) => {
      queue.waiting.push({ turn, go })
      if (queue.waiting.length === 1) void this.#watch(logId, queue)
    })
  }

  /** Gives the turn back. Does nothing for a turn that was lost meanwhile. */
  pass(logId: string, turn: Turn): void {
    const queue = this.#queues.get(logId)
    if (queue === undefined) return
    if (queue.holder === turn) return this.#next(logId, queue)
    const place = queue.waiting.findIndex((waiting) => waiting.turn === turn)
    if (place >= 0) queue.waiting.splice(place, 1)
  }

  #next(logId: string, queue: Queue): void {
    const next = queue.waiting.shift()
    if (next === undefined) {
      this.#queues.delete(logId)
      return
    }
    queue.holder = next.turn
    next.go()
    if (queue.waiting.length > 0) void this.#watch(logId, queue)
  }

  /** Who holds the turn for too long loses it. */
  async #watch(logId: string, queue: Queue): Promise<void> {
    const watched = queue.holder
    await this.#clock.sleep(COURTESY_MS)
    if (this.#queues.get(logId) !== queue || queue.waiting.length === 0) return
    if (queue.holder === watched) this.#next(logId, queue)
  }
}

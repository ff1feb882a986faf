import type { Clock } from '@tidemark/core'

/**
 * How long a function given to `update` may keep the others of its log waiting. A turn is a courtesy
 * that spares conflicts, never a lock: correctness does not rest on it, so a slow function, or one
 * that updates its own log, only costs the others this long.
 */
const THINKING_MS = 50

/** How long a whole update may: longer, and the store itself hangs. */
const TURN_MS = 2000

/** One update's place in the queue of its log. */
export interface Turn {
  readonly logId: string
}

interface Queue {
  holder: Turn
  /** Whether the holder's function is running. */
  isThinking: boolean
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
  take(turn: Turn): Promise<void> | undefined {
    const queue = this.#queues.get(turn.logId)
    if (queue === undefined) {
      this.#queues.set(turn.logId, { holder: turn, isThinking: false, waiting: [] })
      return undefined
    }
    return new Promise((go) => {
      queue.waiting.push({ turn, go })
      if (queue.waiting.length > 1) return
      void this.#watch(queue, TURN_MS)
      if (queue.isThinking) void this.#watch(queue, THINKING_MS)
    })
  }

  /** Says that the function of this turn begins to run, or has ended. */
  think(turn: Turn, isThinking: boolean): void {
    const queue = this.#queues.get(turn.logId)
    if (queue?.holder !== turn) return
    queue.isThinking = isThinking
    if (isThinking && queue.waiting.length > 0) void this.#watch(queue, THINKING_MS)
  }

  /** Gives the turn back. Does nothing for a turn that was lost meanwhile. */
  pass(turn: Turn): void {
    const queue = this.#queues.get(turn.logId)
    if (queue?.holder === turn) this.#next(queue)
  }

  #next(queue: Queue): void {
    const next = queue.waiting.shift()
    if (next === undefined) {
      this.#queues.delete(queue.holder.logId)
      return
    }
    queue.holder = next.turn
    queue.isThinking = false
    next.go()
    if (queue.waiting.length > 0) void this.#watch(queue, TURN_MS)
  }

  /** Who thinks, or holds the turn, for too long loses it. */
  async #watch(queue: Queue, limitMs: number): Promise<void> {
    const watched = queue.holder
    await this.#clock.sleep(limitMs)
    if (queue.waiting.length === 0 || queue.holder !== watched) return
    if (limitMs === TURN_MS || queue.isThinking) this.#next(queue)
  }
}

import type { Clock } from '@tidemark/core'

/** The time is up: no item came until the deadline. */
export const TIME_UP: unique symbol = Symbol('time up')

/** Reads an iterable item by item, each up to a deadline that may change in between. */
export class TimedItems<T> {
  readonly #source: AsyncIterator<T>
  readonly #clock: Clock
  #next: Promise<IteratorResult<T, unknown>> | undefined

  constructor(source: AsyncIterable<T>, clock: Clock) {
    this.#source = source[Symbol.asyncIterator]()
    this.#clock = clock
  }

  /** The next item, `undefined` at the end. An item that comes late is the next one's answer. */
  async next(
    deadlineMs: number | undefined,
  ): Promise<{ readonly item: T } | typeof TIME_UP | undefined> {
    this.#next ??= this.#source.next()
    const result =
      deadlineMs === undefined ? await this.#next : await this.#until(this.#next, deadlineMs)
    if (result === TIME_UP) return TIME_UP
    this.#next = undefined
    return result.done === true ? undefined : { item: result.value }
  }

  /** Tells the source that nobody reads on. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  async #until<R>(next: Promise<R>, deadlineMs: number): Promise<R | typeof TIME_UP> {
    const left = deadlineMs - this.#clock.nowMs()
    if (left <= 0) return TIME_UP
    const stop = new AbortController()
    const timer = this.#clock.sleep(left, stop.signal).then(
      (): typeof TIME_UP => TIME_UP,
      (): typeof TIME_UP => TIME_UP,
    )
    try {
      return await Promise.race([next, timer])
    } finally {
      stop.abort()
    }
  }
}

import { attempt, err, type Clock, type OwnerAppendError, type Result } from '@tidemark/core'

/** Why a run is over before its end: aborted, or another owner has taken over. */
export type EndError = OwnerAppendError

/** What an attempt that took too long fails with. */
class TimeUp extends Error {}

/** The attempts under way, so that one signal reaches all of them. */
export class Running {
  readonly #clock: Clock
  readonly #graceMs: number
  readonly #controller = new AbortController()
  readonly #attempts = new Set<AbortController>()
  #over: EndError | undefined

  constructor(clock: Clock, graceMs: number) {
    this.#clock = clock
    this.#graceMs = graceMs
  }

  /** Fires when the run is over before its end. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the run is over, if it is. */
  get over(): EndError | undefined {
    return this.#over
  }

  /** Ends the run: nothing begins any more, what is under way is told to stop. */
  end(error: EndError): void {
    if (this.#over !== undefined) return
    this.#over = error
    this.#controller.abort(error)
    for (const attempt of this.#attempts) attempt.abort(error)
  }

  /** Resolves when the run was ended and the grace is over, too. */
  async ended(graceMs: number, settled: AbortSignal): Promise<EndError> {
    await untilAborted(this.signal)
    await this.#clock.sleep(graceMs, settled).catch(() => undefined)
    if (this.#over === undefined) throw new TypeError('a run ends with a reason')
    return this.#over
  }

  throwIfOver(): void {
    if (this.#over !== undefined) throw this.#over
  }

  /** Sleeps; throws when the run is over before. */
  async sleep(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.signal).catch(() => undefined)
    this.throwIfOver()
  }

  isTimeout(error: unknown): boolean {
    return error instanceof TimeUp
  }

  /** Runs an attempt with a signal of its own, until it ends or its time and the grace are up. */
  async attempt<T>(
    timeoutMs: number | undefined,
    fn: (signal: AbortSignal) => T | Promise<T>,
  ): Promise<Result<T, unknown>> {
    const own = new AbortController()
    this.#attempts.add(own)
    const settled = new AbortController()
    try {
      const work = attempt(
        async () => fn(own.signal),
        (thrown) => thrown,
      )
      const late = this.#late(own, timeoutMs, settled.signal)
      const result = await Promise.race([work, late])
      // A result that came after its time is not taken: the caller was told to stop.
      return own.signal.reason instanceof TimeUp ? err(own.signal.reason) : result
    } finally {
      this.#attempts.delete(own)
      settled.abort()
    }
  }

  /** Resolves when an attempt was told to stop and the grace is over, too. */
  async #late(
    own: AbortController,
    timeoutMs: number | undefined,
    settled: AbortSignal,
  ): Promise<Result<never, unknown>> {
    const sleep = (ms: number): Promise<void> => this.#clock.sleep(ms, settled)
    try {
      if (timeoutMs === undefined) await untilAborted(own.signal)
      else {
        await Promise.race([sleep(timeoutMs), untilAborted(own.signal)])
        own.abort(new TimeUp(`no result after ${timeoutMs} ms`))
      }
      await sleep(this.#graceMs)
    } catch {
      // Settled: nobody waits for this any more.
      return new Promise(() => undefined)
    }
    return err(own.signal.reason)
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

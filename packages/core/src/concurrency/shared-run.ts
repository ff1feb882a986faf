/**
 * A job that many callers want done: one run at a time, and one more for everybody who came while
 * it ran. A caller is answered by a run that began after its call, so it covers what it did before.
 */
export class SharedRun {
  readonly #job: () => Promise<void>
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(job: () => Promise<void>) {
    this.#job = job
  }

  run(): Promise<void> {
    if (this.#running === undefined) return this.#start()
    this.#next ??= this.#running.catch(() => undefined).then(() => this.#start())
    return this.#next
  }

  #start(): Promise<void> {
    this.#next = undefined
    const running = this.#job().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}

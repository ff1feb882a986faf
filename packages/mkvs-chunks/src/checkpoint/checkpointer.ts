import { coreError, err, ok, systemClock, type CoreError, type Result } from '@tidemark/core'
import { broadcast, type Broadcast } from './broadcast.ts'
import type {
  Checkpointer,
  CheckpointerConfig,
  CheckpointerEvent,
  CheckpointerStatus,
} from './checkpointer-types.ts'
import { forcedPass, scheduledPass, type PassContext } from './pass.ts'

/** The interval is varied by a tenth to both sides, so that machines do not work in step. */
const JITTER = 0.1

/**
 * Makes a checkpointer, which starts to work unless `autoStart` is `false`. What fails is told by
 * `events()` and `status()`, and tried again with the next version.
 *
 * May answer `INVALID_ARGUMENT`: not exactly one of `parameters` and `getParameters`, or a number
 * out of range.
 */
export function newCheckpointer(
  config: CheckpointerConfig,
): Result<Checkpointer, CoreError<'INVALID_ARGUMENT'>> {
  const problem = problemOf(config)
  if (problem !== undefined) {
    const [argument, reason] = problem
    return err(coreError('INVALID_ARGUMENT', `${argument}: ${reason}`, { argument, reason }))
  }
  const checkpointer = new LoopCheckpointer(config)
  if (config.autoStart !== false) checkpointer.start()
  return ok(checkpointer)
}

function problemOf(config: CheckpointerConfig): readonly [string, string] | undefined {
  const { parameters, getParameters, rootsPerVersion, checkIntervalMs } = config
  if ((parameters === undefined) === (getParameters === undefined)) {
    return ['parameters', 'give it or getParameters, and not both']
  }
  if (!Number.isSafeInteger(rootsPerVersion) || rootsPerVersion < 1) {
    return ['rootsPerVersion', 'at least 1']
  }
  if (checkIntervalMs !== 'disabled' && !(checkIntervalMs > 0)) {
    return ['checkIntervalMs', 'positive, or "disabled"']
  }
  return undefined
}

class LoopCheckpointer implements Checkpointer {
  readonly #config: CheckpointerConfig
  readonly #watchers: Broadcast<bigint> = broadcast()
  readonly #events: Broadcast<CheckpointerEvent> = broadcast()
  readonly #forced: bigint[] = []
  #notified: bigint | undefined
  #paused = false
  /** The interval is over, or somebody flushed. */
  #due = false
  #working = false
  #closed = false
  #loop: Promise<void> | undefined
  #wake: (() => void) | undefined
  #timer = new AbortController()
  #lastCreated: bigint | undefined
  #lastFailure: CheckpointerEvent | undefined
  #failures = 0
  readonly #aborted = (): void => void this.close()

  constructor(config: CheckpointerConfig) {
    this.#config = config
    if (config.signal?.aborted === true) this.#aborted()
    else config.signal?.addEventListener('abort', this.#aborted)
  }

  notifyNewVersion(version: bigint): void {
    if (this.#notified === undefined || version > this.#notified) this.#notified = version
    this.#wake?.()
  }

  forceCheckpoint(version: bigint): void {
    if (!this.#forced.includes(version)) this.#forced.push(version)
    this.#wake?.()
  }

  flush(): void {
    this.#due = true
    this.#wake?.()
  }

  pause(paused: boolean): void {
    this.#paused = paused
    if (this.#loop !== undefined && !this.#closed) this.#startTimer()
  }

  watchCheckpoints(): AsyncIterableIterator<bigint> {
    return this.#watchers.listen()
  }

  events(): AsyncIterableIterator<CheckpointerEvent> {
    return this.#events.listen()
  }

  status(): CheckpointerStatus {
    const running = this.#loop === undefined ? 'idle' : 'waiting'
    return {
      name: this.#config.name,
      state: this.#closed ? 'closed' : this.#working ? 'working' : running,
      paused: this.#paused,
      notifiedVersion: this.#notified,
      forcedVersions: [...this.#forced],
      lastCreatedVersion: this.#lastCreated,
      failures: this.#failures,
      lastFailure: this.#lastFailure,
    }
  }

  start(): void {
    if (this.#loop !== undefined || this.#closed) return
    this.#startTimer()
    this.#loop = this.#run()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#config.signal?.removeEventListener('abort', this.#aborted)
    this.#timer.abort()
    this.#wake?.()
    await this.#loop
    this.#watchers.end()
    this.#events.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const forced = this.#forced.shift()
      if (forced !== undefined) {
        await this.#work(() => forcedPass(this.#context(), forced), forced)
      } else if (this.#due && this.#notified !== undefined) {
        const version = this.#notified
        this.#notified = undefined
        this.#due = false
        await this.#scheduled(version)
        this.#startTimer()
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  async #scheduled(version: bigint): Promise<void> {
    if (this.#paused) this.#report({ kind: 'skipped', version, reason: 'paused' })
    else if (this.#config.checkIntervalMs === 'disabled') {
      this.#report({ kind: 'skipped', version, reason: 'disabled' })
    } else {
      await this.#work(() => scheduledPass(this.#context(), version), version)
    }
  }

  /** Runs a pass. What a caller's function throws is a failure like any other. */
  async #work(pass: () => Promise<void>, version: bigint): Promise<void> {
    this.#working = true
    try {
      await pass()
    } catch (error) {
      this.#report({ kind: 'failed', version, doing: 'creating', error })
    } finally {
      this.#working = false
    }
  }

  #context(): PassContext {
    return {
      config: this.#config,
      announce: (version) => this.#watchers.send(version),
      report: (event) => this.#report(event),
    }
  }

  #report(event: CheckpointerEvent): void {
    if (event.kind === 'created') this.#lastCreated = event.version
    if (event.kind === 'failed') {
      this.#failures++
      this.#lastFailure = event
    }
    this.#events.send(event)
  }

  /** Waits for the interval anew; an earlier wait ends without effect. */
  #startTimer(): void {
    const { checkIntervalMs, clock = systemClock, jitter = Math.random } = this.#config
    this.#timer.abort()
    if (checkIntervalMs === 'disabled' || this.#closed) return
    this.#timer = new AbortController()
    const ms = checkIntervalMs * (1 - JITTER + 2 * JITTER * jitter())
    clock.sleep(ms, this.#timer.signal).then(
      () => this.flush(),
      () => undefined,
    )
  }
}

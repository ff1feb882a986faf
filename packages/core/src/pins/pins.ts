import type { BlobStore, CallOptions, PutError, ReadError } from '../blob/blob-store.ts'
import { SharedRun } from '../concurrency/shared-run.ts'
import { systemClock, type Clock } from '../lease/clock.ts'
import { newOwner, type Owner, type ProcessProbe } from '../lease/owner.ts'
import { coreError } from '../result/core-errors.ts'
import { attempt, err, ok, unwrap, type AsyncResult } from '../result/result.ts'
import { thrownError } from '../result/thrown.ts'
import { decodePins, encodePins, MAX_PIN_FILE_BYTES, MAX_PINS } from './pin-file.ts'

/** A process that shows no sign of life for so long no longer holds its pins. */
const STALE_AFTER_MS = 30_000

/** Signs of life in that time. */
const BEATS = 6

/** Options of {@link Pins}. */
export interface PinsOptions {
  /** Where the presence files lie. Default `pin/`. */
  readonly prefix?: string
  readonly staleAfterMs?: number
  readonly probe?: ProcessProbe
  readonly clock?: Clock
}

/** Lets go of one pin. Safe to repeat. */
export type Unpin = () => Promise<void>

/**
 * Who is using what: one small file per handle on a medium, naming what it holds.
 *
 * Not durable, for a pin means nothing once its process is gone; not a lock, for it decides nothing
 * that the commit log does not decide again. It keeps bytes from being deleted under a reader: who
 * deletes first publishes that they are gone, then asks `held`, then deletes; who reads first pins,
 * then looks whether they are still there.
 */
export class Pins implements AsyncDisposable {
  readonly #store: BlobStore
  readonly #prefix: string
  readonly #clock: Clock
  readonly #beatMs: number
  readonly #probe: ProcessProbe | undefined
  readonly #owner: Owner
  readonly #names = new Map<string, number>()
  readonly #writing: SharedRun
  readonly #sightings = new Map<string, { readonly version: string; readonly sinceMs: number }>()
  #failure: PutError | undefined
  #written = false
  #beats = 0
  #timer: { stop: () => void } | undefined

  constructor(store: BlobStore, options: PinsOptions = {}) {
    const staleAfterMs = options.staleAfterMs ?? STALE_AFTER_MS
    this.#store = store
    this.#prefix = options.prefix ?? 'pin/'
    this.#clock = options.clock ?? systemClock
    this.#beatMs = staleAfterMs / BEATS
    this.#probe = options.probe
    this.#owner = newOwner(options.probe, staleAfterMs)
    this.#writing = new SharedRun(() => this.#write())
  }

  /** Holds a name. After `ok` everybody who asks sees it, until it is let go or this process ends. */
  async pin(name: string): AsyncResult<Unpin, PutError> {
    if (this.#names.size >= MAX_PINS) {
      const message = `one handle holds up to ${MAX_PINS} pins; close some`
      return err(coreError('LIMIT_EXCEEDED', message, { limit: 'pins', maximum: MAX_PINS }))
    }
    this.#names.set(name, this.count(name) + 1)
    await this.#writing.run()
    let isHeld = true
    const unpin = async (): Promise<void> => {
      if (!isHeld) return
      isHeld = false
      this.#release(name)
      await this.#writing.run()
    }
    if (this.#failure === undefined) return ok(unpin)
    const failure = this.#failure
    await unpin()
    return err(failure)
  }

  /** How often this handle holds a name. */
  count(name: string): number {
    return this.#names.get(name) ?? 0
  }

  /** The names that others hold, on this medium, as far as they show signs of life. */
  async heldByOthers(options?: CallOptions): AsyncResult<ReadonlySet<string>, ReadError> {
    return attempt(
      async () => {
        const held = new Set<string>()
        for await (const { key } of this.#store.list({ ...options, prefix: this.#prefix })) {
          if (key === this.#key) continue
          for (const name of await this.#namesIn(key, options)) held.add(name)
        }
        return held
      },
      thrownError<ReadError>,
    )
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.#names.clear()
    await this.#writing.run()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get #key(): string {
    return this.#prefix + this.#owner.token
  }

  #release(name: string): void {
    const left = this.count(name) - 1
    if (left > 0) this.#names.set(name, left)
    else this.#names.delete(name)
  }

  /** Writes down what is held now. The file is there only while something is. */
  async #write(): Promise<void> {
    if (this.#names.size === 0) {
      this.#timer?.stop()
      this.#timer = undefined
      // A file that stays behind is judged by its silence.
      if (this.#written) void (await this.#store.delete(this.#key))
      this.#written = false
      return
    }
    this.#beats += 1
    const bytes = encodePins({ ...this.#owner, beat: this.#beats, names: [...this.#names.keys()] })
    const put = await this.#store.put(this.#key, bytes, { durable: false })
    this.#failure = put.ok ? undefined : put.error
    this.#written = true
    this.#timer ??= this.#clock.every(this.#beatMs, () => void this.#writing.run())
  }

  async #namesIn(key: string, options?: CallOptions): Promise<readonly string[]> {
    const range = { start: 0, end: MAX_PIN_FILE_BYTES }
    const blob = unwrap(await this.#store.get(key, { ...options, range }))
    if (blob === undefined) return []
    const pins = decodePins(unwrap(await blob.bytes()))
    if (!this.#isGone(key, blob.version, pins)) return pins.names
    // Whoever looks next tries again.
    void (await this.#store.delete(key))
    this.#sightings.delete(key)
    return []
  }

  /** Judged by this process's own clock: two looks, long enough apart, without a sign of life. */
  #isGone(key: string, version: string, owner: Owner): boolean {
    if (owner.process !== undefined && this.#probe?.isGone(owner.process) === true) return true
    const now = this.#clock.nowMs()
    const seen = this.#sightings.get(key)
    if (seen?.version === version) return now - seen.sinceMs >= owner.staleAfterMs
    this.#sightings.set(key, { version, sinceMs: now })
    return false
  }
}

import { randomBytes } from '#digest'
import type { BlobBody, BlobStore, CallOptions, GetOptions } from '../blob/blob-store.ts'
import { toHex } from '../digest/hex.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { Unpin } from '../pins/pins.ts'
import type {
  ByteCheckpoint,
  ByteCommitOptions,
  ByteDraft,
  EntryInfo,
  StoredEntry,
} from './byte-storage.ts'
import { entryInfos, keyNotFound, storedEntry } from './entries.ts'
import { compareNames, nameError } from './identifier.ts'
import type { ManifestEntry } from './manifest.ts'
import { stage } from './staged.ts'
import type { CommitError, GetError, PutEntryError } from './storage.ts'

/** Entries up to this size lie in the record: a typical commit is one durable put. */
export const INLINE_ENTRY_BYTES: number = 64 * 1024

/** What lies in one record in all. Past it, entries are staged whatever their size. */
export const INLINE_TOTAL_BYTES: number = 1024 * 1024

/** So many entries fit in a manifest that is read whole. */
export const MAX_ENTRIES = 100_000

/** Where a draft's bytes and its commit go. */
export interface DraftTarget {
  readonly store: BlobStore
  /** The beginning of every staged blob's key; it holds the number of the record to come. */
  readonly staging: string
  /** Tells collectors that blobs are being staged; called before the first. */
  readonly hold: () => AsyncResult<Unpin, PutEntryError>
  readonly publish: (
    entries: readonly ManifestEntry[],
    options: ByteCommitOptions | undefined,
  ) => AsyncResult<ByteCheckpoint, CommitError>
}

/** The state of a draft; it leaves `open` once. */
type State = 'open' | 'spent' | 'failed'

/** A checkpoint in the making: small entries in memory, large ones already staged. */
export class Draft implements ByteDraft {
  readonly identifier: string
  readonly #target: DraftTarget
  readonly #entries = new Map<string, ManifestEntry>()
  /** Puts that failed and were not put right since: `commit` refuses to lose them silently. */
  readonly #failures = new Map<string, PutEntryError>()
  readonly #nonce = toHex(randomBytes(8))
  #inlineBytes = 0
  #stagedCount = 0
  #letGo: Unpin | undefined
  #state: State = 'open'
  /** Calls take effect one after the other, in the order in which they were made. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(identifier: string, target: DraftTarget) {
    this.identifier = identifier
    this.#target = target
  }

  entries(): readonly EntryInfo[] {
    return entryInfos(this.#entries.values())
  }

  put(
    key: string,
    body: BlobBody,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError> {
    const refused = this.#closed() ?? nameError('key', key)
    if (refused !== undefined) return Promise.resolve(err(refused))
    const own =
      body instanceof Uint8Array && body.length <= INLINE_ENTRY_BYTES ? body.slice() : body
    return this.#inTurn(async () => {
      const placed = await this.#place(key, own, codec, options)
      if (!placed.ok) {
        this.#failures.set(key, placed.error)
        return placed
      }
      this.#forget(key)
      this.#entries.set(key, placed.value)
      if ('bytes' in placed.value.at) this.#inlineBytes += placed.value.sizeBytes
      return ok()
    })
  }

  /** Notes that a value could not even be encoded: see `#failures`. */
  fail(key: string, error: PutEntryError): void {
    void this.#inTurn(async () => this.#failures.set(key, error))
  }

  async remove(key: string): AsyncResult<void, CoreError<'KEY_NOT_FOUND' | 'CLOSED'>> {
    const refused = this.#closed()
    if (refused !== undefined) return err(refused)
    return this.#inTurn(async () => {
      const failed = this.#failures.has(key)
      return this.#forget(key) || failed ? ok() : err(keyNotFound(this.identifier, key))
    })
  }

  async entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError> {
    const refused = this.#closed()
    if (refused !== undefined) return err(refused)
    return this.#inTurn(async () => {
      const entry = this.#entries.get(key)
      if (entry === undefined) return err(keyNotFound(this.identifier, key))
      return ok(storedEntry(this.#target.store, this.identifier, entry, options))
    })
  }

  async commit(options?: ByteCommitOptions): AsyncResult<ByteCheckpoint, CommitError> {
    const refused = this.#closed()
    if (refused !== undefined) return err(refused)
    this.#state = 'spent'
    return this.#inTurn(async () => {
      const [failure] = this.#failures.values()
      if (failure !== undefined) {
        this.#state = 'open'
        return err(failure)
      }
      const entries = [...this.#entries.values()].sort((a, b) => compareNames(a.key, b.key))
      const published = await this.#target.publish(entries, options)
      if (!published.ok) this.#state = isUndone(published.error) ? 'open' : 'failed'
      if (this.#state !== 'open') await this.#letGo?.()
      return published
    })
  }

  async abort(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'spent'
    await this.#inTurn(async () => {
      const staged = [...this.#entries.values()].flatMap(({ at }) =>
        'blob' in at ? [at.blob] : [],
      )
      // What cannot be deleted now is garbage that gc knows: nothing names it.
      if (staged.length > 0) void (await this.#target.store.delete(staged))
      this.#entries.clear()
      await this.#letGo?.()
    })
  }

  async #place(
    key: string,
    body: BlobBody,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<ManifestEntry, PutEntryError> {
    if (this.#entries.size >= MAX_ENTRIES && !this.#entries.has(key)) {
      const message = `a checkpoint holds up to ${MAX_ENTRIES} entries`
      return err(coreError('LIMIT_EXCEEDED', message, { limit: 'entries', maximum: MAX_ENTRIES }))
    }
    const fits =
      body instanceof Uint8Array &&
      body.length <= INLINE_ENTRY_BYTES &&
      this.#inlineBytes + body.length <= INLINE_TOTAL_BYTES
    if (fits) return ok({ key, codec, sizeBytes: body.length, at: { bytes: body } })
    if (this.#letGo === undefined) {
      const held = await this.#target.hold()
      if (!held.ok) return held
      this.#letGo = held.value
    }
    const blob = `${this.#target.staging}${this.#nonce}.${(this.#stagedCount += 1)}`
    const staged = await stage(this.#target.store, blob, body, options)
    return staged.ok ? ok({ key, codec, ...staged.value }) : staged
  }

  #forget(key: string): boolean {
    const before = this.#entries.get(key)
    if (before !== undefined && 'bytes' in before.at) this.#inlineBytes -= before.sizeBytes
    this.#failures.delete(key)
    return this.#entries.delete(key)
  }

  #closed(): CoreError<'CLOSED'> | undefined {
    if (this.#state === 'open') return undefined
    const message = `the draft of ${quote(this.identifier)} is ${this.#state}; create a new one`
    return coreError('CLOSED', message, { what: 'draft', reason: this.#state })
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(call)
    this.#queue = turn.catch(() => undefined)
    return turn
  }
}

/** Failures after which the draft is as it was, and `commit` may simply be called again. */
function isUndone(error: CommitError): boolean {
  return error.kind === 'unavailable' || error.kind === 'aborted'
}

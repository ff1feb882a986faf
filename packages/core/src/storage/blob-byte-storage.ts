import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { abortError, closedError } from '../blob/gate.ts'
import { blobCommitLog } from '../log/blob-commit-log.ts'
import type { CommitLog, LogReadError, LogRecord, Tip } from '../log/commit-log.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { addDetails, quote, type WithDetails } from '../result/error.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { ByteCheckpoint, ByteDraft, ByteStorage } from './byte-storage.ts'
import { Committed } from './committed.ts'
import { Draft } from './draft.ts'
import { readHeader, writeHeader } from './header.ts'
import { encodeName, nameError } from './identifier.ts'
import { listIdentifiers } from './list-identifiers.ts'
import { decodeManifest, encodeManifest, type ManifestEntry } from './manifest.ts'
import { restage } from './restage.ts'
import type {
  CommitError,
  CreateError,
  CreateOptions,
  LoadError,
  LoadOptions,
  RemoveError,
  StorageReadError,
} from './storage.ts'

/** Logs are remembered for the newest record they have seen; beyond this, the oldest is dropped. */
const MAX_REMEMBERED_LOGS = 1024

/** Whoever loses that many races in a row hears about it. */
const MAX_RACES = 100

/** What a storage takes from outside. */
export interface BlobByteStorageOptions {
  readonly now?: () => number
}

/**
 * Checkpoints on any medium. Each identifier is a commit log of its own under
 * `log/<encoded identifier>.`, a record is a whole checkpoint, an empty record is a removal; large
 * entries lie in `blob/`. See `docs/formats/storage.md`.
 */
export class BlobByteStorage implements ByteStorage {
  readonly #store: BlobStore
  readonly #now: () => number
  readonly #logs = new Map<string, CommitLog>()
  #hasHeader: boolean | undefined
  #closed = false

  constructor(store: BlobStore, options: BlobByteStorageOptions = {}) {
    this.#store = store
    this.#now = options.now ?? Date.now
  }

  async create(identifier: string, options?: CreateOptions): AsyncResult<ByteDraft, CreateError> {
    const base = await this.#base(identifier, options)
    if (!base.ok) return base
    const publish = (
      entries: readonly ManifestEntry[],
      call: CallOptions | undefined,
    ): AsyncResult<ByteCheckpoint, CommitError> =>
      this.#publish(identifier, base.value, entries, { ...options, ...call })
    const staging = stagingPrefix(identifier, base.value)
    return ok(new Draft(identifier, { store: this.#store, staging, publish }))
  }

  async load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError> {
    const log = await this.#open('load', identifier, options)
    if (!log.ok) return log
    const { generation } = options ?? {}
    const found =
      generation === undefined
        ? await log.value.latest(options)
        : await log.value.read(generation, options)
    if (!found.ok) return err(named(identifier, found.error))
    if (!isLive(found.value)) return err(notFound(identifier, found.value))
    const manifest = decodeManifest(found.value.payload, identifier)
    if (!manifest.ok) return err(named(identifier, manifest.error))
    return ok(new Committed(this.#store, found.value, manifest.value))
  }

  async remove(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError> {
    const log = await this.#open('remove', identifier, options)
    if (!log.ok) return log
    for (let race = 0; race < MAX_RACES; race++) {
      const newest = await log.value.latest(options)
      if (!newest.ok) return err(named(identifier, newest.error))
      if (!isLive(newest.value)) return err(notFound(identifier, newest.value))
      const removed = await log.value.append(newest.value, REMOVAL, options)
      if (removed.ok) return ok()
      if (removed.error.code !== 'CONFLICT') return removed
    }
    return err(tooManyRaces(identifier))
  }

  identifiers(options?: CallOptions): AsyncIterable<string> {
    return listIdentifiers(this.#store, () => this.#refusal('list', options), options)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The record that a new checkpoint goes after. */
  async #base(
    identifier: string,
    options?: CreateOptions,
  ): AsyncResult<Tip | undefined, CreateError> {
    const log = await this.#open('create', identifier, options)
    if (!log.ok) return log
    const replace = options?.ifExists === 'replace'
    const newest = await log.value.latest(options)
    if (newest.ok) {
      return isLive(newest.value) && !replace ? err(alreadyExists(identifier)) : newest
    }
    if (newest.error.code !== 'CORRUPTED' || !replace) return err(named(identifier, newest.error))
    // Asked to replace whatever is there: the damaged record keeps its number, ours is the next.
    const saved = await log.value.salvage(options)
    return saved.ok ? ok(saved.value.tip) : err(named(identifier, saved.error))
  }

  async #publish(
    identifier: string,
    begun: Tip | undefined,
    drafted: readonly ManifestEntry[],
    options: CreateOptions,
  ): AsyncResult<ByteCheckpoint, CommitError> {
    const ready = await this.#ready(options)
    if (!ready.ok) return ready
    const log = this.#log(identifier)
    let [base, entries] = [begun, drafted]
    for (let race = 0; race < MAX_RACES; race++) {
      const manifest = { identifier, committedAtMs: this.#now(), metadata: {}, entries }
      const payload = encodeManifest(manifest)
      if (!payload.ok) return payload
      const appended = await log.append(base, payload.value, options)
      if (appended.ok) return ok(new Committed(this.#store, appended.value, manifest))
      if (appended.error.code !== 'CONFLICT') return err(named(identifier, appended.error))
      const next = await this.#base(identifier, options)
      if (!next.ok) return next
      base = next.value
      // A staged blob belongs to one number. The loser stages again, under the next.
      const again = await restage(this.#store, entries, stagingPrefix(identifier, base))
      if (!again.ok) return again
      entries = again.value
    }
    return err(tooManyRaces(identifier))
  }

  /** The log of an identifier, once everything that can be refused without it has been. */
  async #open(
    operation: string,
    identifier: string,
    options?: CallOptions,
  ): AsyncResult<CommitLog, StorageReadError> {
    const refused = this.#refusal(operation, options) ?? nameError('identifier', identifier)
    if (refused !== undefined) return err(refused)
    if (this.#hasHeader === undefined) {
      const header = await readHeader(this.#store, options)
      if (!header.ok) return header
      this.#hasHeader = header.value
    }
    return ok(this.#log(identifier))
  }

  async #ready(options: CallOptions): AsyncResult<void, CommitError> {
    const refused = this.#refusal('commit', options)
    if (refused !== undefined) return err(refused)
    if (this.#hasHeader === true) return ok()
    const written = await writeHeader(this.#store, options)
    if (written.ok) this.#hasHeader = true
    return written
  }

  #refusal(operation: string, options?: CallOptions): StorageReadError | undefined {
    return this.#closed ? closedError('storage') : abortError(options?.signal, operation)
  }

  #log(identifier: string): CommitLog {
    const known = this.#logs.get(identifier)
    const log = known ?? blobCommitLog(this.#store, `${logKey(identifier)}.`)
    this.#logs.delete(identifier)
    this.#logs.set(identifier, log)
    const [oldest] = this.#logs.keys()
    if (this.#logs.size > MAX_REMEMBERED_LOGS && oldest !== undefined) this.#logs.delete(oldest)
    return log
  }
}

/** The record of a removal: no manifest at all, and so told by its size in a listing. */
const REMOVAL = new Uint8Array()

function isLive(record: LogRecord | undefined): record is LogRecord {
  return record !== undefined && record.payload.length > 0
}

function logKey(identifier: string): string {
  return `log/${encodeName(identifier)}`
}

function stagingPrefix(identifier: string, base: Tip | undefined): string {
  return `blob/${encodeName(identifier)}.${(base?.seq ?? 0) + 1}.`
}

function named<E extends LogReadError | CommitError>(
  identifier: string,
  error: E,
): WithDetails<E, { readonly identifier: string }> {
  return addDetails(error, { identifier })
}

function notFound(
  identifier: string,
  removal: LogRecord | undefined,
): CoreError<'CHECKPOINT_NOT_FOUND'> {
  const message = `there is no checkpoint ${quote(identifier)}`
  const details = { identifier, ...(removal === undefined ? {} : { reason: 'removed' as const }) }
  return coreError('CHECKPOINT_NOT_FOUND', message, details)
}

function alreadyExists(identifier: string): CoreError<'CHECKPOINT_ALREADY_EXISTS'> {
  const message = `checkpoint ${quote(identifier)} exists; load it, or pass ifExists: 'replace'`
  return coreError('CHECKPOINT_ALREADY_EXISTS', message, { identifier, reason: 'committed' })
}

function tooManyRaces(identifier: string): CoreError<'CONFLICT'> {
  const message = `others changed ${quote(identifier)} ${MAX_RACES} times meanwhile; try again`
  return coreError('CONFLICT', message, { identifier, reason: 'changed' })
}

import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { abortError, closedError } from '../blob/gate.ts'
import { blobCommitLog } from '../log/blob-commit-log.ts'
import type { CommitLog, LogRecord } from '../log/commit-log.ts'
import type { Pins } from '../pins/pins.ts'
import { attempt, err, ok, unwrap, type AsyncResult, type Result } from '../result/result.ts'
import { thrownError } from '../result/thrown.ts'
import type {
  ByteCheckpoint,
  ByteCommitOptions,
  ByteDraft,
  ByteStorage,
  LayerName,
} from './byte-storage.ts'
import { collect } from './collect.ts'
import { Committed } from './committed.ts'
import { Draft } from './draft.ts'
import { listGenerations } from './generations.ts'
import { layersOf } from './header.ts'
import { encodeName, nameError } from './identifier.ts'
import { logPrefix, pinName, stagingPrefix } from './keys.ts'
import { listEncoded, listIdentifiers } from './list-identifiers.ts'
import { decodeManifest, type Manifest, type ManifestEntry } from './manifest.ts'
import { findNewest, isCheckpoint, REMOVAL, type Newest } from './newest.ts'
import { Place } from './place.ts'
import { publishCheckpoint } from './publish-checkpoint.ts'
import {
  alreadyExists,
  named,
  notFound,
  rolledBack,
  stackMismatch,
  tooManyRaces,
} from './storage-errors.ts'
import type {
  CommitError,
  CreateError,
  CreateOptions,
  GcError,
  GcOptions,
  GcReport,
  GenerationInfo,
  LoadError,
  LoadOptions,
  RemoveError,
  StorageReadError,
} from './storage.ts'

/** Logs are remembered for the newest record they have seen; beyond this, the oldest is dropped. */
const MAX_REMEMBERED_LOGS = 1024

/** Whoever loses that many races in a row hears about it. */
const MAX_RACES = 100

/** The newest, and one to go back to. */
const KEEP_LAST = 2

/** Retention is looked at once in so many commits: it frees at least as many at a time. */
const RETAIN_EVERY = 64

/** Retention is also looked at when so much was staged: large states must not pile up. */
const RETAIN_BYTES = 64 * 1024 * 1024

/** What a storage on a medium takes from outside. */
export interface BlobByteStorageOptions {
  /** So many generations of each identifier are kept, or a few more. Default 2. */
  readonly keepLast?: number
  /** Wall clock, for `committedAt` only. */
  readonly now?: () => number
  /** Who reads and drafts what, so that nothing is deleted under them. */
  readonly pins?: Pins
  /** What the bytes that come have passed through: recorded, and compared. Default: no layers. */
  readonly layers?: readonly LayerName[]
}

/**
 * Checkpoints on any medium. Each identifier is a commit log of its own under
 * `log/<encoded identifier>.`, a record is a whole checkpoint, an empty record is a removal; large
 * entries lie in `blob/`. See `docs/formats/storage.md`.
 */
export class BlobByteStorage implements ByteStorage {
  readonly #store: BlobStore
  readonly #now: () => number
  readonly #keepLast: number
  readonly #options: BlobByteStorageOptions
  readonly #pins: Pins | undefined
  readonly #place: Place
  #logs = new Map<string, CommitLog>()
  /** Bytes that were staged for an identifier since retention was last looked at. */
  #stagedSince = new Map<string, number>()
  #closed = false

  constructor(store: BlobStore, options: BlobByteStorageOptions = {}) {
    this.#store = store
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#keepLast = Math.max(1, options.keepLast ?? KEEP_LAST)
    this.#pins = options.pins
    this.#place = new Place(store, options.layers ?? [])
  }

  async create(identifier: string, options?: CreateOptions): AsyncResult<ByteDraft, CreateError> {
    const base = await this.#base(identifier, options)
    if (!base.ok) return base
    const encoded = encodeName(identifier)
    return ok(
      new Draft(identifier, {
        store: this.#store,
        staging: stagingPrefix(identifier, base.value.tip),
        hold: async () => (await this.#pins?.pin(pinName('stage', encoded))) ?? ok(noPin),
        publish: (entries, call) =>
          this.#publish(identifier, base.value, entries, { ...options, ...call }),
      }),
    )
  }

  async load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError> {
    const log = await this.#open('load', identifier, options)
    if (!log.ok) return log
    const newest = await findNewest(log.value, identifier, options)
    if (!newest.ok) return err(named(identifier, newest.error))
    const { live, damage } = newest.value
    const { generation = live?.record.seq, minGeneration = 0 } = options ?? {}
    if (damage !== undefined && options?.generation === undefined) {
      return err(named(identifier, damage))
    }
    if (live === undefined && damage !== undefined) return err(named(identifier, damage))
    if (live === undefined || generation === undefined) {
      return err(
        minGeneration > 0 ? rolledBack(identifier, 0, minGeneration) : notFound(identifier),
      )
    }
    if (generation < minGeneration) return err(rolledBack(identifier, generation, minGeneration))
    if (generation === live.record.seq) return this.#committed(live.record, live.manifest)
    if (generation < live.manifest.born) return err(notFound(identifier, generation))
    return this.#loadOlder(log.value, identifier, generation, options)
  }

  async remove(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError> {
    const log = await this.#open('remove', identifier, options)
    if (!log.ok) return log
    for (let race = 0; race < MAX_RACES; race++) {
      const newest = await findNewest(log.value, identifier, options)
      if (!newest.ok) return err(named(identifier, newest.error))
      const { live, tip, damage } = newest.value
      if (live === undefined && damage === undefined) return err(notFound(identifier))
      const removed = await log.value.append(tip, REMOVAL, options)
      if (removed.ok) {
        // What stays behind is void already; gc makes up for it.
        void (await this.#collect(identifier))
        return ok()
      }
      if (removed.error.code !== 'CONFLICT') return removed
    }
    return err(tooManyRaces(identifier, MAX_RACES))
  }

  async *identifiers(options?: CallOptions): AsyncIterable<string> {
    unwrap(await this.#identify('list', options))
    yield* listIdentifiers(this.#store, () => this.#refusal('list', options), options)
  }

  async *generations(identifier: string, options?: CallOptions): AsyncIterable<GenerationInfo> {
    const log = unwrap(await this.#open('generations', identifier, options))
    const newest = unwrap(await findNewest(log, identifier, options))
    if (newest.live === undefined && newest.damage === undefined) throw notFound(identifier)
    yield* await listGenerations(log, identifier, newest, options)
  }

  async gc(options?: GcOptions): AsyncResult<GcReport, GcError> {
    const known = await this.#identify('gc', options)
    if (!known.ok) return known
    if (options?.dryRun !== true) {
      const swept = (await this.#store.sweep?.(options)) ?? ok()
      if (!swept.ok) return swept
    }
    const encoded = await attempt(() => listEncoded(this.#store, options), thrownError<GcError>)
    if (!encoded.ok) return encoded
    const generations: GcReport['generations'][number][] = []
    const blobs: string[] = []
    for (const name of encoded.value) {
      const collected = await this.#collectEncoded(name, true, options)
      if (!collected.ok) return collected
      generations.push(...collected.value.generations)
      blobs.push(...collected.value.blobs)
    }
    return ok({ generations, blobs })
  }

  async stacked(layers: readonly LayerName[]): AsyncResult<ByteStorage, StorageReadError> {
    const view = new BlobByteStorage(this.#store, { ...this.#options, layers })
    view.#logs = this.#logs
    view.#stagedSince = this.#stagedSince
    const known = await view.#identify('open')
    return known.ok ? ok(view) : known
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#pins?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #loadOlder(
    log: CommitLog,
    identifier: string,
    generation: number,
    options?: CallOptions,
  ): AsyncResult<ByteCheckpoint, LoadError> {
    const record = await log.read(generation, options)
    if (!record.ok) return err(named(identifier, record.error))
    if (record.value === undefined || !isCheckpoint(record.value)) {
      return err(notFound(identifier, generation))
    }
    const manifest = decodeManifest(record.value.payload, identifier)
    if (!manifest.ok) return err(named(identifier, manifest.error))
    return this.#committed(record.value, manifest.value)
  }

  /** Without layers, what layers wrote is never taken for values. */
  #committed(record: LogRecord, manifest: Manifest): Result<ByteCheckpoint, LoadError> {
    const { identifier, attachment } = manifest
    if (this.#place.layers.length === 0 && attachment !== undefined) {
      return err(named(identifier, stackMismatch([], layersOf(attachment['layers']) ?? [])))
    }
    return ok(new Committed(this.#store, record, manifest, this.#place.name))
  }

  /** The state that a new checkpoint goes after. */
  async #base(identifier: string, options?: CreateOptions): AsyncResult<Newest, CreateError> {
    const log = await this.#open('create', identifier, options)
    if (!log.ok) return log
    const newest = await findNewest(log.value, identifier, options)
    if (!newest.ok) return err(named(identifier, newest.error))
    const mayReplace = options?.ifExists === 'replace' || options?.expect !== undefined
    if (mayReplace) return newest
    if (newest.value.damage !== undefined) return err(named(identifier, newest.value.damage))
    return newest.value.live === undefined ? newest : err(alreadyExists(identifier, 'committed'))
  }

  async #publish(
    identifier: string,
    begun: Newest,
    entries: readonly ManifestEntry[],
    options: CreateOptions & ByteCommitOptions,
  ): AsyncResult<ByteCheckpoint, CommitError> {
    const refused = this.#refusal('commit', options)
    if (refused !== undefined) return err(refused)
    const claimed = await this.#place.claim(options)
    if (!claimed.ok) return claimed
    const published = await publishCheckpoint(
      {
        store: this.#store,
        log: this.#log(encodeName(identifier)),
        identifier,
        maxRaces: MAX_RACES,
        now: this.#now,
        place: this.#place.name,
        newest: () => this.#base(identifier, options),
      },
      begun,
      entries,
      options,
    )
    if (!published.ok) return published
    // A failure here costs space, not the commit; the next time or gc makes up for it.
    if (this.#isRetentionDue(published.value, entries)) void (await this.#collect(identifier))
    return published
  }

  #isRetentionDue(
    { identifier, generation }: ByteCheckpoint,
    entries: readonly ManifestEntry[],
  ): boolean {
    const staged = entries.reduce(
      (sum, { at, sizeBytes }) => sum + ('blob' in at ? sizeBytes : 0),
      0,
    )
    const since = (this.#stagedSince.get(identifier) ?? 0) + staged
    const isDue = generation % RETAIN_EVERY === 0 || since >= RETAIN_BYTES
    if (isDue || since === 0) this.#stagedSince.delete(identifier)
    else this.#stagedSince.set(identifier, since)
    return isDue
  }

  #collect(identifier: string): AsyncResult<GcReport, GcError> {
    return this.#collectEncoded(encodeName(identifier), false)
  }

  #collectEncoded(
    encoded: string,
    thorough: boolean,
    options?: GcOptions,
  ): AsyncResult<GcReport, GcError> {
    const [store, log, pins] = [this.#store, this.#log(encoded), this.#pins]
    return collect({ store, log, encoded, keepLast: this.#keepLast, pins, thorough }, options)
  }

  /** The log of an identifier, once everything that can be refused without it has been. */
  async #open(
    operation: string,
    identifier: string,
    options?: CallOptions,
  ): AsyncResult<CommitLog, StorageReadError> {
    const refused = this.#refusal(operation, options) ?? nameError('identifier', identifier)
    if (refused !== undefined) return err(refused)
    const known = await this.#identify(operation, options)
    return known.ok ? ok(this.#log(encodeName(identifier))) : known
  }

  async #identify(operation: string, options?: CallOptions): AsyncResult<void, StorageReadError> {
    const refused = this.#refusal(operation, options)
    return refused === undefined ? this.#place.identify(options) : err(refused)
  }

  #refusal(operation: string, options?: CallOptions): StorageReadError | undefined {
    return this.#closed ? closedError('storage') : abortError(options?.signal, operation)
  }

  #log(encoded: string): CommitLog {
    const log = this.#logs.get(encoded) ?? blobCommitLog(this.#store, logPrefix(encoded))
    this.#logs.delete(encoded)
    this.#logs.set(encoded, log)
    const [oldest] = this.#logs.keys()
    if (this.#logs.size > MAX_REMEMBERED_LOGS && oldest !== undefined) this.#logs.delete(oldest)
    return log
  }
}

async function noPin(): Promise<void> {
  // Nobody to tell.
}

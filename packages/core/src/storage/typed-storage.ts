import type { CallOptions } from '../blob/blob-store.ts'
import type { Decoder } from '../codec/codec.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import type { ByteStorage } from './byte-storage.ts'
import { decodersOf } from './decode-entry.ts'
import type {
  CheckpointInfo,
  CheckpointStorage,
  CommitError,
  CommittedCheckpoint,
  CreateError,
  CreateOptions,
  EntryValue,
  GcError,
  GcOptions,
  GcReport,
  GenerationInfo,
  LoadError,
  LoadOptions,
  RemoveError,
  StorageReadError,
  UncommittedCheckpoint,
  VerifyReport,
} from './storage.ts'
import { TypedCheckpoint } from './typed-checkpoint.ts'
import { TypedDraft } from './typed-draft.ts'
import { verifyStorage } from './verify-storage.ts'

/** Options of a storage's typed surface. */
export interface TypedStorageOptions {
  /** Codecs that `get` may use beside `json`, `text` and `bytes`. */
  readonly codecs?: readonly Decoder[]
}

/** A save stages again what was collected under it; so often it can hardly happen. */
const MAX_SAVE_TRIES = 8

/**
 * Types and codecs over a {@link ByteStorage}: what `MemoryStorage` and `FileStorage` are.
 *
 * `saving` is where `save` commits: the unguarded storage below, for a save leaves no draft that
 * anybody could claim.
 */
export class TypedStorage implements CheckpointStorage {
  readonly #bytes: ByteStorage
  readonly #saving: ByteStorage
  readonly #options: TypedStorageOptions
  readonly #decoders: ReadonlyMap<string, Decoder>

  constructor(bytes: ByteStorage, options: TypedStorageOptions = {}, saving: ByteStorage = bytes) {
    this.#bytes = bytes
    this.#saving = saving
    this.#options = options
    this.#decoders = decodersOf(options.codecs ?? [])
  }

  /** The same storage with something over its bytes, guarded as it was. Closing it closes both. */
  async over<E>(
    cover: (bytes: ByteStorage) => AsyncResult<ByteStorage, E>,
  ): AsyncResult<TypedStorage, E> {
    const bytes = await cover(this.#bytes)
    if (!bytes.ok) return bytes
    const saving = this.#saving === this.#bytes ? bytes : await cover(this.#saving)
    if (!saving.ok) return saving
    return ok(new CoveredStorage(bytes.value, this.#options, saving.value, this))
  }

  async createCheckpoint(
    identifier: string,
    options?: CreateOptions,
  ): AsyncResult<UncommittedCheckpoint, CreateError> {
    const draft = await this.#bytes.create(identifier, options)
    return draft.ok ? ok(new TypedDraft(draft.value, this.#decoders)) : draft
  }

  commitCheckpoint(
    uncommitted: UncommittedCheckpoint,
    options?: CallOptions,
  ): AsyncResult<CommittedCheckpoint, CommitError> {
    return uncommitted.commit(options)
  }

  async loadCheckpoint(
    identifier: string,
    options?: LoadOptions,
  ): AsyncResult<CommittedCheckpoint, LoadError> {
    const loaded = await this.#bytes.load(identifier, options)
    return loaded.ok ? ok(new TypedCheckpoint(loaded.value, this.#decoders)) : loaded
  }

  removeCheckpoint(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError> {
    return this.#bytes.remove(identifier, options)
  }

  checkpointIdentifiers(options?: CallOptions): AsyncIterable<string> {
    return this.#bytes.identifiers(options)
  }

  async save(
    identifier: string,
    entries: Readonly<Record<string, EntryValue>>,
    options?: CreateOptions,
  ): AsyncResult<CheckpointInfo, CommitError> {
    for (let tries = 1; ; tries++) {
      const saved = await this.#saveOnce(identifier, entries, options)
      if (saved.ok || tries === MAX_SAVE_TRIES || !isCollected(saved.error)) return saved
    }
  }

  async #saveOnce(
    identifier: string,
    entries: Readonly<Record<string, EntryValue>>,
    options: CreateOptions | undefined,
  ): AsyncResult<CheckpointInfo, CommitError> {
    const begun = await this.#saving.create(identifier, options)
    if (!begun.ok) return begun
    const draft = new TypedDraft(begun.value, this.#decoders)
    for (const [key, value] of Object.entries(entries)) {
      const put = await draft.put(key, value, options)
      if (put.ok) continue
      await draft.abort()
      return put
    }
    const committed = await begun.value.commit(options)
    if (!committed.ok) {
      await draft.abort()
      return committed
    }
    const { generation, committedAt, metadata } = committed.value
    await committed.value.close()
    return ok({ identifier, generation, committedAt, metadata })
  }

  generations(identifier: string, options?: CallOptions): AsyncIterable<GenerationInfo> {
    return this.#bytes.generations(identifier, options)
  }

  gc(options?: GcOptions): AsyncResult<GcReport, GcError> {
    return this.#bytes.gc(options)
  }

  verify(options?: CallOptions): AsyncResult<VerifyReport, StorageReadError> {
    return verifyStorage(this.#bytes, options)
  }

  close(): Promise<void> {
    return this.#bytes.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** A storage over another, which it owns. */
class CoveredStorage extends TypedStorage {
  readonly #cover: ByteStorage
  readonly #below: TypedStorage

  constructor(
    bytes: ByteStorage,
    options: TypedStorageOptions,
    saving: ByteStorage,
    below: TypedStorage,
  ) {
    super(bytes, options, saving)
    this.#cover = saving
    this.#below = below
  }

  override async close(): Promise<void> {
    await super.close()
    await this.#cover.close()
    await this.#below.close()
  }
}

/** Whether what was staged for a commit was collected under it: the values are still at hand. */
function isCollected(error: CommitError): boolean {
  return error.code === 'CONFLICT' && error.details.reason === 'collected'
}

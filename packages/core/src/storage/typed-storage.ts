import type { CallOptions } from '../blob/blob-store.ts'
import { coreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { ByteCheckpoint, ByteDraft, ByteStorage, StoredEntry } from './byte-storage.ts'
import { decodeJson, encodeJson } from './json.ts'
import type {
  CheckpointStorage,
  CommitError,
  CommittedCheckpoint,
  CreateError,
  CreateOptions,
  EntryValue,
  GetError,
  LoadError,
  LoadOptions,
  PutEntryError,
  RemoveError,
  UncommittedCheckpoint,
} from './storage.ts'

/** Types and codecs over a {@link ByteStorage}. `MemoryStorage` and `FileStorage` are such. */
export class TypedStorage implements CheckpointStorage {
  readonly #bytes: ByteStorage

  constructor(bytes: ByteStorage) {
    this.#bytes = bytes
  }

  async createCheckpoint(
    identifier: string,
    options?: CreateOptions,
  ): AsyncResult<UncommittedCheckpoint, CreateError> {
    const draft = await this.#bytes.create(identifier, options)
    return draft.ok ? ok(new TypedDraft(draft.value)) : draft
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
    return loaded.ok ? ok(new TypedCheckpoint(loaded.value)) : loaded
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
  ): AsyncResult<CommittedCheckpoint, CommitError> {
    const draft = await this.createCheckpoint(identifier, options)
    if (!draft.ok) return draft
    for (const [key, value] of Object.entries(entries)) {
      const put = await draft.value.put(key, value, options)
      if (put.ok) continue
      await draft.value.abort()
      return put
    }
    const committed = await draft.value.commit(options)
    if (!committed.ok) await draft.value.abort()
    return committed
  }

  close(): Promise<void> {
    return this.#bytes.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

class TypedDraft implements UncommittedCheckpoint {
  readonly identifier: string
  readonly #draft: ByteDraft

  constructor(draft: ByteDraft) {
    this.identifier = draft.identifier
    this.#draft = draft
  }

  keys(): readonly string[] {
    return this.#draft.entries().map(({ key }) => key)
  }

  async get(key: string, options?: CallOptions): AsyncResult<EntryValue, GetError> {
    return decodeEntry(this.identifier, await this.#draft.entry(key, options))
  }

  async getBytes(key: string, options?: CallOptions): AsyncResult<Uint8Array, GetError> {
    const entry = await this.#draft.entry(key, options)
    return entry.ok ? entry.value.bytes() : entry
  }

  put(key: string, value: EntryValue, options?: CallOptions): AsyncResult<void, PutEntryError> {
    if (value instanceof Uint8Array) return this.#draft.put(key, value, 'bytes', options)
    const json = encodeJson(value)
    if (json.ok) return this.#draft.put(key, json.value, 'json', options)
    this.#draft.fail(key, json.error)
    return Promise.resolve(json)
  }

  remove(key: string): ReturnType<ByteDraft['remove']> {
    return this.#draft.remove(key)
  }

  async commit(options?: CallOptions): AsyncResult<CommittedCheckpoint, CommitError> {
    const committed = await this.#draft.commit(options)
    return committed.ok ? ok(new TypedCheckpoint(committed.value)) : committed
  }

  abort(): Promise<void> {
    return this.#draft.abort()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort()
  }
}

class TypedCheckpoint implements CommittedCheckpoint {
  readonly identifier: string
  readonly generation: number
  readonly committedAt: Date
  readonly #checkpoint: ByteCheckpoint

  constructor(checkpoint: ByteCheckpoint) {
    this.identifier = checkpoint.identifier
    this.generation = checkpoint.generation
    this.committedAt = checkpoint.committedAt
    this.#checkpoint = checkpoint
  }

  keys(): readonly string[] {
    return this.#checkpoint.entries().map(({ key }) => key)
  }

  async get(key: string, options?: CallOptions): AsyncResult<EntryValue, GetError> {
    return decodeEntry(this.identifier, await this.#checkpoint.entry(key, options))
  }

  async getBytes(key: string, options?: CallOptions): AsyncResult<Uint8Array, GetError> {
    const entry = await this.#checkpoint.entry(key, options)
    return entry.ok ? entry.value.bytes() : entry
  }

  close(): Promise<void> {
    return this.#checkpoint.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function decodeEntry(
  identifier: string,
  entry: Awaited<AsyncResult<StoredEntry, GetError>>,
): AsyncResult<EntryValue, GetError> {
  if (!entry.ok) return entry
  const { key, codec } = entry.value
  const bytes = await entry.value.bytes()
  if (!bytes.ok || codec === 'bytes') return bytes
  const what = `entry ${quote(key)} of checkpoint ${quote(identifier)}`
  if (codec === 'json') return decodeJson(bytes.value, what)
  const message = `${what} was written with codec ${quote(codec)}; read its bytes with getBytes`
  return err(coreError('DECODE_FAILED', message, { what: 'entry', codec }))
}

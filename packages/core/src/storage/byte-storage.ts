import type { BlobBody, CallOptions, GetOptions } from '../blob/blob-store.ts'
import type { CoreError } from '../result/core-errors.ts'
import type { AsyncResult } from '../result/result.ts'
import type { JsonValue } from './json.ts'
import type {
  CommitError,
  CreateError,
  CreateOptions,
  Generation,
  GetError,
  LoadError,
  LoadOptions,
  PutEntryError,
  RemoveError,
} from './storage.ts'

/**
 * Checkpoints as bytes: what lies on a medium, and what layers transform. `Storage` puts types and
 * codecs over it. Implement this to bring a storage of your own.
 */
export interface ByteStorage extends AsyncDisposable {
  create(identifier: string, options?: CreateOptions): AsyncResult<ByteDraft, CreateError>
  load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError>
  remove(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError>
  /** The committed identifiers, in byte order of their UTF-8. */
  identifiers(options?: CallOptions): AsyncIterable<string>
  close(): Promise<void>
}

/** What is known of an entry without its bytes. */
export interface EntryInfo {
  readonly key: string
  /** How the value was encoded: `json`, `bytes`, … */
  readonly codec: string
  readonly sizeBytes: number
}

/** An entry with access to its bytes, which are verified before they are handed out. */
export interface StoredEntry extends EntryInfo {
  bytes(): AsyncResult<Uint8Array, GetError>
  /** Throws the same errors. Never hands out a byte that is not what was written. */
  stream(): AsyncIterable<Uint8Array>
}

/** A checkpoint in the making, as bytes. */
export interface ByteDraft {
  readonly identifier: string
  /** The entries put so far, in byte order of their keys. */
  entries(): readonly EntryInfo[]
  put(
    key: string,
    body: BlobBody,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError>
  /** Notes that a value could not be encoded: `commit` refuses until the key is put or removed. */
  fail(key: string, error: PutEntryError): void
  remove(key: string): AsyncResult<void, CoreError<'KEY_NOT_FOUND' | 'CLOSED'>>
  entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError>
  commit(options?: CallOptions): AsyncResult<ByteCheckpoint, CommitError>
  abort(): Promise<void>
}

/** A committed checkpoint, as bytes. */
export interface ByteCheckpoint {
  readonly identifier: string
  readonly generation: Generation
  readonly committedAt: Date
  readonly metadata: JsonValue
  /** In byte order of their keys. */
  entries(): readonly EntryInfo[]
  entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError>
  close(): Promise<void>
}

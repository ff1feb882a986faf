import type { BlobBody, CallOptions, GetOptions } from '../blob/blob-store.ts'
import type { CoreError } from '../result/core-errors.ts'
import type { AsyncResult } from '../result/result.ts'
import type { JsonObject } from './json.ts'
import type {
  CheckpointInfo,
  CommitError,
  CreateError,
  CreateOptions,
  GcError,
  GcOptions,
  GcReport,
  Generation,
  GenerationInfo,
  GetError,
  LoadError,
  LoadOptions,
  PutEntryError,
  RemoveError,
  StackError,
} from './storage.ts'

/**
 * Checkpoints as bytes: what lies on a medium, and what layers transform. `Storage` puts types and
 * codecs over it. Implement this to bring a storage of your own, and wrap it in `guard`.
 */
export interface ByteStorage extends AsyncDisposable {
  create(identifier: string, options?: CreateOptions): AsyncResult<ByteDraft, CreateError>
  load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError>
  remove(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError>
  /** The committed identifiers, in byte order of their UTF-8. Throws a `StorageReadError`. */
  identifiers(options?: CallOptions): AsyncIterable<string>
  /** The generations of an identifier, newest first. Throws a `LoadError`. */
  generations(identifier: string, options?: CallOptions): AsyncIterable<GenerationInfo>
  gc(options?: GcOptions): AsyncResult<GcReport, GcError>
  /**
   * The same place as seen through layers, which are recorded with it: `STACK_MISMATCH` when it was
   * written through others. Only a storage that has this can be layered; its drafts then call
   * `attach`, and its checkpoints give back what that returned.
   */
  stacked?(layers: readonly LayerName[]): AsyncResult<ByteStorage, StackError>
  close(): Promise<void>
}

/** A layer as it is recorded with the data. */
export interface LayerName {
  readonly id: string
  readonly version: number
}

/** What is known of one commit as a whole. */
export interface CheckpointFacts extends CheckpointInfo {
  /** The oldest generation since the identifier was last removed. */
  readonly born: Generation
  /** The random name that a place got when layers first wrote to it. */
  readonly place: string | undefined
}

/** Options of {@link ByteDraft.commit}. */
export interface ByteCommitOptions extends CallOptions {
  /**
   * Called with what the commit is about to say, and again after each lost race; what it gives is
   * committed with the checkpoint as its `attachment`. `previous`: digest of the record before.
   */
  readonly attach?: (
    facts: CheckpointFacts & { readonly previous: string | undefined },
  ) => AsyncResult<JsonObject, PutEntryError>
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
  /**
   * In pieces, theirs to keep who read. Throws the same errors. Never hands out a byte that is not
   * what was written.
   */
  stream(): AsyncIterable<Uint8Array>
}

/** What a draft and a checkpoint have in common, as bytes. */
export interface ByteEntries {
  readonly identifier: string
  /** In byte order of their keys. */
  entries(): readonly EntryInfo[]
  entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError>
}

/** A checkpoint in the making, as bytes. */
export interface ByteDraft extends ByteEntries {
  put(
    key: string,
    body: BlobBody,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError>
  /** Notes that a value could not be encoded: `commit` refuses until the key is put or removed. */
  fail(key: string, error: PutEntryError): void
  remove(key: string): AsyncResult<void, CoreError<'KEY_NOT_FOUND' | 'CLOSED'>>
  commit(options?: ByteCommitOptions): AsyncResult<ByteCheckpoint, CommitError>
  abort(): Promise<void>
}

/** A committed checkpoint, as bytes. */
export interface ByteCheckpoint extends ByteEntries, CheckpointFacts {
  /** The digest of the whole commit, in hex. The next one can repeat it. */
  readonly digest: string
  /** What layers attached when it was committed; absent without layers. Not checked by anything. */
  readonly attachment: JsonObject | undefined
  close(): Promise<void>
}

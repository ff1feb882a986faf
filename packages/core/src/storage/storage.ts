import type { CallOptions } from '../blob/blob-store.ts'
import type { CoreError } from '../result/core-errors.ts'
import type { AsyncResult } from '../result/result.ts'
import type { JsonValue } from './json.ts'

/** The number of one commit of an identifier: rises with every commit, also after a removal. */
export type Generation = number

/** A value as it goes into a checkpoint: bytes stay bytes, everything else is strict JSON. */
export type EntryValue = JsonValue | Uint8Array

/** Why a checkpoint cannot be read. */
export type StorageReadError = CoreError<
  | 'INVALID_IDENTIFIER'
  | 'CORRUPTED'
  | 'UNSUPPORTED_VERSION'
  | 'IO_FAILED'
  | 'NO_SPACE'
  | 'CONFLICT'
  | 'ABORTED'
  | 'CLOSED'
  | 'INVALID_ARGUMENT'
  | 'LIMIT_EXCEEDED'
>

/** Why `load` gives no checkpoint. */
export type LoadError = StorageReadError | CoreError<'CHECKPOINT_NOT_FOUND'>

/** Why `createCheckpoint` gives no draft. */
export type CreateError = StorageReadError | CoreError<'CHECKPOINT_ALREADY_EXISTS'>

/** Why an entry cannot be read. */
export type GetError = StorageReadError | CoreError<'KEY_NOT_FOUND' | 'DECODE_FAILED'>

/** Why an entry cannot be put. */
export type PutEntryError =
  | StorageReadError
  | CoreError<'ENCODE_FAILED' | 'OUTCOME_UNKNOWN' | 'UNSUPPORTED'>

/** Why a checkpoint was not committed, or may not have been. */
export type CommitError = PutEntryError | CreateError

/** Why a checkpoint cannot be removed. */
export type RemoveError = LoadError | CoreError<'OUTCOME_UNKNOWN' | 'UNSUPPORTED'>

/** Options of {@link CheckpointStorage.createCheckpoint} and {@link CheckpointStorage.save}. */
export interface CreateOptions extends CallOptions {
  /** What to do when the identifier has a committed checkpoint. Default `'fail'`. */
  readonly ifExists?: 'fail' | 'replace'
}

/** Options of {@link CheckpointStorage.loadCheckpoint}. */
export interface LoadOptions extends CallOptions {
  /**
   * This commit instead of the newest. After `CORRUPTED`, `details.lastGoodSeq` names the newest
   * whole one.
   */
  readonly generation?: Generation
}

/**
 * Named checkpoints on one medium.
 *
 * A commit is whole or absent after any crash; after `ok` it survives what the medium says
 * (`FileStorage`: a power cut).
 *
 * @example
 * import { MemoryStorage, unwrap } from '@tidemark/core'
 *
 * const storage = new MemoryStorage()
 * unwrap(await storage.save('import', { offset: 42 }, { ifExists: 'replace' }))
 * const saved = unwrap(await storage.loadCheckpoint('import'))
 * unwrap(await saved.get('offset')) // => 42
 */
export interface CheckpointStorage extends AsyncDisposable {
  /**
   * Starts a checkpoint. Nothing is permanent, or visible to anybody else, until its `commit`.
   * `CHECKPOINT_ALREADY_EXISTS` when the identifier is committed, unless `ifExists: 'replace'`.
   */
  createCheckpoint(
    identifier: string,
    options?: CreateOptions,
  ): AsyncResult<UncommittedCheckpoint, CreateError>

  /** The same as `uncommitted.commit()`. */
  commitCheckpoint(
    uncommitted: UncommittedCheckpoint,
    options?: CallOptions,
  ): AsyncResult<CommittedCheckpoint, CommitError>

  /**
   * The newest committed checkpoint of an identifier. `CHECKPOINT_NOT_FOUND` when there is none,
   * `CORRUPTED` when it is damaged: never an older one in its place unless you ask for it.
   */
  loadCheckpoint(
    identifier: string,
    options?: LoadOptions,
  ): AsyncResult<CommittedCheckpoint, LoadError>

  /** Removes a committed checkpoint. After `ok` it stays removed through a power cut. */
  removeCheckpoint(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError>

  /** The committed identifiers, in byte order of their UTF-8. Throws a {@link StorageReadError}. */
  checkpointIdentifiers(options?: CallOptions): AsyncIterable<string>

  /** Creates, fills and commits a checkpoint in one call: the common case. */
  save(
    identifier: string,
    entries: Readonly<Record<string, EntryValue>>,
    options?: CreateOptions,
  ): AsyncResult<CommittedCheckpoint, CommitError>

  /** Lets go of what the storage holds open. Later calls fail with `CLOSED`. */
  close(): Promise<void>
}

/** What both kinds of checkpoints can do. */
interface ReadableCheckpoint extends AsyncDisposable {
  readonly identifier: string
  /** The keys that have a value, in byte order. */
  keys(): readonly string[]
  /**
   * The value of a key, as it was put: bytes as bytes, everything else decoded from JSON.
   * `KEY_NOT_FOUND` when there is none, `CORRUPTED` when the stored bytes are damaged.
   */
  get(key: string, options?: CallOptions): AsyncResult<EntryValue, GetError>
  /** The stored bytes of a key, whatever they encode. A copy: changing it changes nothing else. */
  getBytes(key: string, options?: CallOptions): AsyncResult<Uint8Array, GetError>
}

/** A checkpoint in the making. Reads see its own writes. Disposing of it aborts it. */
export interface UncommittedCheckpoint extends ReadableCheckpoint {
  /**
   * Sets the value of a key, replacing an earlier one. `ENCODE_FAILED` names the path of what JSON
   * would change or drop.
   */
  put(key: string, value: EntryValue, options?: CallOptions): AsyncResult<void, PutEntryError>
  /** Takes a key away. `KEY_NOT_FOUND` when it is not there. */
  remove(key: string): AsyncResult<void, CoreError<'KEY_NOT_FOUND' | 'CLOSED'>>
  /**
   * Makes the checkpoint permanent and readable, whole, in one step. The draft is finished after
   * `ok`; a later call on it fails with `CLOSED`.
   */
  commit(options?: CallOptions): AsyncResult<CommittedCheckpoint, CommitError>
  /** Gives the checkpoint up. Safe to repeat; does nothing after `commit`. */
  abort(): Promise<void>
}

/** A committed checkpoint: it never changes, also when the identifier is replaced later. */
export interface CommittedCheckpoint extends ReadableCheckpoint {
  readonly generation: Generation
  readonly committedAt: Date
  /** Lets go of it. */
  close(): Promise<void>
}

import type { CallOptions } from '../blob/blob-store.ts'
import type { Codec } from '../codec/codec.ts'
import type { OutputOf, StandardSchema } from '../codec/standard-schema.ts'
import type { CoreError } from '../result/core-errors.ts'
import type { AsyncResult } from '../result/result.ts'
import type { JsonObject, JsonValue } from './json.ts'

/** The number of one commit of an identifier: rises with every commit, also after a removal. */
export type Generation = number

/** A value as it goes into a checkpoint: bytes stay bytes, everything else is strict JSON. */
export type EntryValue = JsonValue | Uint8Array

/** Why a checkpoint cannot be read. */
export type StorageReadError = CoreError<
  | 'INVALID_IDENTIFIER'
  | 'CORRUPTED'
  | 'AUTHENTICATION_FAILED'
  | 'UNKNOWN_KEY'
  | 'STACK_MISMATCH'
  | 'UNSUPPORTED_VERSION'
  | 'IO_FAILED'
  | 'NO_SPACE'
  | 'CONFLICT'
  | 'ABORTED'
  | 'CLOSED'
  | 'INVALID_ARGUMENT'
  | 'LIMIT_EXCEEDED'
>

/** What any write may fail with. */
type WriteError = CoreError<'OUTCOME_UNKNOWN' | 'UNSUPPORTED'>

/** Why `load` gives no checkpoint. */
export type LoadError =
  | StorageReadError
  | WriteError
  | CoreError<'CHECKPOINT_NOT_FOUND' | 'ROLLBACK_DETECTED'>

/** Why `createCheckpoint` gives no draft. */
export type CreateError = StorageReadError | WriteError | CoreError<'CHECKPOINT_ALREADY_EXISTS'>

/** Why a storage cannot be opened through layers. */
export type StackError = StorageReadError | CoreError<'UNSUPPORTED'>

/** Why an entry cannot be read. */
export type GetError = StorageReadError | CoreError<'KEY_NOT_FOUND' | 'DECODE_FAILED'>

/** Why an entry cannot be put. */
export type PutEntryError = StorageReadError | WriteError | CoreError<'ENCODE_FAILED'>

/** Why a checkpoint was not committed, or may not have been. */
export type CommitError = PutEntryError | CreateError

/** Why a checkpoint cannot be removed. */
export type RemoveError =
  | StorageReadError
  | WriteError
  | CoreError<'CHECKPOINT_NOT_FOUND' | 'CHECKPOINT_IN_USE'>

/** Why gc stopped. What it had not come to is left for the next time. */
export type GcError = StorageReadError | WriteError

/** Options of {@link CheckpointStorage.createCheckpoint} and {@link CheckpointStorage.save}. */
export interface CreateOptions extends CallOptions {
  /** What to do when the identifier has a committed checkpoint. Default `'fail'`. */
  readonly ifExists?: 'fail' | 'replace'
  /**
   * The generation that must be the newest when the checkpoint is committed (`'absent'`: none), or
   * else `CONFLICT` and nothing changes. Implies `ifExists: 'replace'`.
   */
  readonly expect?: Generation | 'absent'
  /** A small object that is read without any entry. At most 64 KiB as JSON. */
  readonly metadata?: JsonObject
}

/** Options of {@link CheckpointStorage.loadCheckpoint}. */
export interface LoadOptions extends CallOptions {
  /**
   * This commit instead of the newest. After `CORRUPTED`, `details.lastGoodSeq` names the newest
   * whole one.
   */
  readonly generation?: Generation
  /** Refuse anything older with `ROLLBACK_DETECTED`: somebody put an old state back. */
  readonly minGeneration?: Generation
}

/** Options of {@link CheckpointStorage.gc}. */
export interface GcOptions extends CallOptions {
  /** Report the same, delete nothing. */
  readonly dryRun?: boolean
}

/** Facts about one commit. */
export interface CheckpointInfo {
  readonly identifier: string
  readonly generation: Generation
  readonly committedAt: Date
  readonly metadata: JsonObject
}

/** A generation as listed: its facts, or what is wrong with it. */
export type GenerationInfo =
  | (CheckpointInfo & { readonly damage?: undefined })
  | {
      readonly identifier: string
      readonly generation: Generation
      readonly damage: CheckpointDamage
    }

/** Why a checkpoint that is there cannot be used. */
export type CheckpointDamage = CoreError<
  'CORRUPTED' | 'AUTHENTICATION_FAILED' | 'UNKNOWN_KEY' | 'STACK_MISMATCH' | 'UNSUPPORTED_VERSION'
>

/** What gc deleted, or would delete. */
export interface GcReport {
  /** Generations that retention gave up. */
  readonly generations: readonly { readonly identifier: string; readonly generation: Generation }[]
  /** Blobs of such generations, and of drafts that were never committed. */
  readonly blobs: readonly string[]
}

/** What `verify` looked at and found. */
export interface VerifyReport {
  readonly identifiers: number
  readonly generations: number
  readonly entries: number
  readonly bytes: number
  readonly problems: readonly VerifyProblem[]
}

/** One thing that `verify` found. Everything else of the checkpoint is whole. */
export interface VerifyProblem {
  readonly identifier: string
  readonly generation?: Generation
  readonly key?: string
  readonly error: LoadError | GetError
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
   * `CHECKPOINT_ALREADY_EXISTS` when the identifier is committed (unless `ifExists: 'replace'`) or
   * has a live draft, here or in another process.
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
   * `CORRUPTED` when it is damaged: never an older one in its place unless you ask for it. The
   * checkpoint counts as in use until it is closed.
   */
  loadCheckpoint(
    identifier: string,
    options?: LoadOptions,
  ): AsyncResult<CommittedCheckpoint, LoadError>

  /**
   * Removes a committed checkpoint with all its generations. After `ok` it stays removed through a
   * power cut. `CHECKPOINT_IN_USE` while somebody has it open, here or in another process.
   */
  removeCheckpoint(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError>

  /** The committed identifiers, in byte order of their UTF-8. Throws a {@link StorageReadError}. */
  checkpointIdentifiers(options?: CallOptions): AsyncIterable<string>

  /**
   * Creates, fills and commits a checkpoint in one call: the common case. Takes no claim on the
   * identifier meanwhile; of several savers at once each wins or is told that it did not.
   */
  save(
    identifier: string,
    entries: Readonly<Record<string, EntryValue>>,
    options?: CreateOptions,
  ): AsyncResult<CheckpointInfo, CommitError>

  /** The generations there are, newest first, damaged ones too. Throws a {@link LoadError}. */
  generations(identifier: string, options?: CallOptions): AsyncIterable<GenerationInfo>

  /**
   * Deletes generations past retention and blobs that no checkpoint names. Never touches what is
   * open, here or in another process, or what it does not recognise as its own. Safe to repeat and
   * to interrupt.
   */
  gc(options?: GcOptions): AsyncResult<GcReport, GcError>

  /** Reads everything there is and reports what is damaged, entry by entry. Changes nothing. */
  verify(options?: CallOptions): AsyncResult<VerifyReport, StorageReadError>

  /** Lets go of what the storage holds open. Later calls fail with `CLOSED`. */
  close(): Promise<void>
}

/** Options of reading one entry as a value. */
export interface GetEntryOptions<Out = unknown> extends CallOptions {
  /** Must be the codec that the entry was put with. Default: that one, if the storage knows it. */
  readonly codec?: Codec<never, Out>
}

/** Options of reading the bytes of one entry. */
export interface GetBytesOptions extends CallOptions {
  /** Bytes `start` (inclusive) to `end` (exclusive). Past the end is cut. */
  readonly range?: { readonly start: number; readonly end?: number }
}

/** What both kinds of checkpoints can do. */
interface ReadableCheckpoint extends AsyncDisposable {
  readonly identifier: string

  /** The keys that have a value, in byte order. */
  keys(): readonly string[]

  /**
   * The value of a key, decoded as it was encoded, then checked by a schema if you give one.
   *
   * `KEY_NOT_FOUND` when there is none, `SCHEMA_MISMATCH` with the validator's issues,
   * `DECODE_FAILED` when the storage does not know the codec, `CORRUPTED` when the stored bytes are
   * damaged. The bytes stay readable with `getBytes` after all but the last.
   */
  get<Schema extends StandardSchema>(
    key: string,
    schema: Schema,
    options?: GetEntryOptions,
  ): AsyncResult<OutputOf<Schema>, GetError | CoreError<'SCHEMA_MISMATCH'>>
  get<Out = unknown>(
    key: string,
    schema?: undefined,
    options?: GetEntryOptions<Out>,
  ): AsyncResult<Out, GetError>

  /** The stored bytes of a key, whatever they encode. A copy: changing it changes nothing else. */
  getBytes(key: string, options?: GetBytesOptions): AsyncResult<Uint8Array, GetError>

  /** The same in pieces of up to 1 MiB, each verified before it is handed out. Throws `GetError`. */
  getStream(key: string, options?: GetBytesOptions): AsyncIterable<Uint8Array>
}

/** A checkpoint in the making. Reads see its own writes. Disposing of it aborts it. */
export interface UncommittedCheckpoint extends ReadableCheckpoint {
  /**
   * Sets the value of a key, replacing an earlier one. Bytes are stored as they are, anything else
   * as strict JSON unless you name a codec. `ENCODE_FAILED` names the path of what would be lost.
   *
   * A put that failed is remembered: `commit` returns its error until the key is put or removed.
   */
  put(key: string, value: EntryValue, options?: CallOptions): AsyncResult<void, PutEntryError>
  put<In>(
    key: string,
    value: In,
    options: CallOptions & { readonly codec: Codec<In, unknown> },
  ): AsyncResult<void, PutEntryError>

  /** Sets the bytes of a key from a stream that may be larger than memory. */
  putStream(
    key: string,
    pieces: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError>

  /** Takes a key away. `KEY_NOT_FOUND` when it is not there. */
  remove(key: string): AsyncResult<void, CoreError<'KEY_NOT_FOUND' | 'CLOSED'>>

  /**
   * Makes the checkpoint permanent and readable, whole, in one step. The draft is finished after
   * `ok`; a later call on it fails with `CLOSED`. After `IO_FAILED`, `NO_SPACE` or `ABORTED` the
   * draft is as it was: `commit` can be called again.
   */
  commit(options?: CallOptions): AsyncResult<CommittedCheckpoint, CommitError>

  /** Gives the checkpoint up. Safe to repeat; does nothing after `commit`. */
  abort(): Promise<void>
}

/** A committed checkpoint: it never changes, also when the identifier is replaced later. */
export interface CommittedCheckpoint extends ReadableCheckpoint, CheckpointInfo {
  /** SHA-256 of the whole commit, in hex: two with the same digest are the same. */
  readonly digest: string
  /** Lets go of it: it no longer counts as in use. */
  close(): Promise<void>
}

import type { CoreError } from '../result/core-errors.ts'
import type { WithDetails } from '../result/error.ts'
import type { AsyncResult } from '../result/result.ts'

declare const versionBrand: unique symbol

/** What a medium says about one state of a blob, for compare-and-swap. Opaque. */
export type Version = string & { readonly [versionBrand]: true }

/** Options of every call that may do I/O. */
export interface CallOptions {
  /** Aborts the call. What had already become permanent stays so. */
  readonly signal?: AbortSignal
}

/** What a medium can do: honest, and probed at open where it could be wrong. */
export interface BlobStoreSupport {
  /** What an acknowledged `put` survives: nothing, the end of the process, or a power cut. */
  readonly durable: 'none' | 'process' | 'power'
  /** Whether other processes can work on the same blobs at the same time. */
  readonly crossProcess: boolean
  /** Whether `put` takes a {@link Version} as its condition. */
  readonly replaceIf: boolean
  /** Whether `get` with a range reads only that range from the medium. */
  readonly ranges: boolean
  /** Whether `put` takes a stream larger than memory. */
  readonly streams: boolean
  /** Whether presence files are cheap enough here to be on by default. */
  readonly pins: boolean
  /** The longest key, in bytes. At least 200. */
  readonly maxKeyBytes: number
}

/** Facts about one stored blob. */
export interface BlobInfo {
  readonly key: string
  readonly sizeBytes: number
  readonly version: Version
}

/** A blob as found by `get`: its facts, and its bytes when asked for. */
export interface StoredBlob extends BlobInfo {
  /** The bytes (of the asked range). `CONFLICT` when the blob was replaced since `get`. */
  bytes(): AsyncResult<Uint8Array, ReadError>
  /** The bytes (of the asked range) in pieces, theirs to keep who read; throws the same errors. */
  stream(): AsyncIterable<Uint8Array>
}

/** The body of a blob: bytes, or pieces of bytes that are read once. */
export type BlobBody = Uint8Array | AsyncIterable<Uint8Array>

/** Options of {@link BlobStore.put}. */
export interface PutOptions extends CallOptions {
  /** `'absent'`: only if no blob has this key. A version: only if it is still the current one. */
  readonly if?: 'absent' | Version
  /**
   * `false` for hints, pins and heartbeats: what may vanish with the machine because its meaning
   * does too. Still atomic. Default `true`.
   */
  readonly durable?: boolean
}

/** Options of {@link BlobStore.get}. */
export interface GetOptions extends CallOptions {
  /** Bytes `start` (inclusive) to `end` (exclusive). Past the end is cut, not refused. */
  readonly range?: { readonly start: number; readonly end?: number }
  /** Answer only when the name that was read would survive a power cut. Default `false`. */
  readonly durable?: boolean
}

/** Options of {@link BlobStore.list}. */
export interface ListOptions extends CallOptions {
  /** Only keys that start with this. Any string, not only whole segments. */
  readonly prefix?: string
  /** Only keys after this one, in byte order. */
  readonly startAfter?: string
  /** At most so many. */
  readonly limit?: number
}

/** What `delete` did. A key that was not there counts as deleted. */
export interface DeleteReport {
  readonly deleted: number
  readonly failed: readonly { readonly key: string; readonly error: ReadError }[]
}

/** Options of {@link BlobStore.sweep}. */
export interface SweepOptions extends CallOptions {
  /** Only what is older than this, in ms: younger left-overs may be a put in progress. */
  readonly olderThanMs?: number
  /** Wall clock, to compare with the times of the medium. */
  readonly now?: () => number
}

/** What `sweep` did. */
export interface SweepReport {
  readonly deleted: number
}

/** Why a blob cannot be read. */
export type ReadError = CoreError<
  | 'INVALID_ARGUMENT'
  | 'IO_FAILED'
  | 'NO_SPACE'
  | 'CONFLICT'
  | 'ABORTED'
  | 'CLOSED'
  | 'LIMIT_EXCEEDED'
>

/** Why a blob cannot be written. */
export type PutError = ReadError | CoreError<'OUTCOME_UNKNOWN' | 'UNSUPPORTED'>

/** Why `putMany` stopped; `details.written` names the keys that are stored for certain. */
export type PutManyError = WithDetails<PutError, { readonly written: readonly string[] }>

/**
 * A medium: blobs under keys. The one thing every capability stands on.
 *
 * A key is `/`-separated segments of `a-z 0-9 . _ -`; see `isBlobKey`. Calls on one key are
 * linearizable, absence included. A put is whole or absent, never a prefix, after any crash.
 *
 * Implementing one? `MediumBlobStore` makes it of five calls. Either way, run `blobStoreContract` from
 * `@tidemark/core/testing` on it.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 *
 * const store = new MemoryBlobStore()
 * unwrap(await store.put('jobs/1', new Uint8Array([7]), { if: 'absent' }))
 * const blob = unwrap(await store.get('jobs/1'))
 * blob?.sizeBytes // => 1
 */
export interface BlobStore extends AsyncDisposable {
  readonly supports: BlobStoreSupport

  /**
   * Stores a blob whole. After `ok` it is visible to every reader and, unless `durable: false`,
   * survives what `supports.durable` says.
   *
   * Fails with `CONFLICT` when the condition does not hold, `OUTCOME_UNKNOWN` when the blob may or
   * may not have been stored, `NO_SPACE`, `IO_FAILED`.
   */
  put(key: string, body: BlobBody, options?: PutOptions): AsyncResult<BlobInfo, PutError>

  /**
   * Stores several blobs, each as `put` does, sharing what they can. Not atomic as a whole, and in
   * no promised order: on a failure any subset may be stored.
   */
  putMany(
    blobs: Iterable<readonly [key: string, body: BlobBody]>,
    options?: PutOptions,
  ): AsyncResult<BlobInfo[], PutManyError>

  /** Finds a blob. `undefined` when there is none. */
  get(key: string, options?: GetOptions): AsyncResult<StoredBlob | undefined, ReadError>

  /** Finds the facts of a blob without its bytes. `undefined` when there is none. */
  head(key: string, options?: CallOptions): AsyncResult<BlobInfo | undefined, ReadError>

  /**
   * The blobs there are, in byte order of their keys. Throws a {@link ReadError}. What existed
   * throughout the listing is in it once; what came or went meanwhile may be.
   */
  list(options?: ListOptions): AsyncIterable<BlobInfo>

  /** Deletes blobs. After `ok` with nothing `failed`, none of the keys is visible. */
  delete(
    keys: string | readonly string[],
    options?: CallOptions,
  ): AsyncResult<DeleteReport, ReadError>

  /**
   * Deletes what crashed puts left behind: no blob, only space. On media that can leave anything.
   * A put that was wrongly taken to have died fails, and nothing is lost.
   */
  sweep?(options?: SweepOptions): AsyncResult<SweepReport, ReadError>

  /** Lets go of what the store holds open. Later calls fail with `CLOSED`. Safe to repeat. */
  close(): Promise<void>
}

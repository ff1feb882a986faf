import type { BlobStoreSupport, CallOptions, PutOptions } from './blob-store.ts'

/** What a medium's call gives, now or later. */
export type Awaitable<T> = T | Promise<T>

/** Facts about one blob of a {@link Medium}. */
export interface MediumFacts {
  readonly sizeBytes: number
  /** Another text for every state that a key was ever in, also after a remove and a new create. */
  readonly version: string
}

/** A part of a blob, with the facts of the whole. */
export interface MediumBlob extends MediumFacts {
  /** From `start` to `end`, or less where the blob ends before. Not changed afterwards. */
  readonly bytes: Uint8Array
}

/**
 * The few calls that make a medium; `new MediumBlobStore(medium)` is a `BlobStore` of them.
 *
 * What every medium would check is checked before these are called: keys, ranges, limits, closed
 * stores, signals. Bodies are whole, at most `maxBlobBytes` long, and theirs to keep.
 *
 * What a medium owes:
 * - Of calls on one key each happens at one instant between its begin and its answer. Of any number
 *   of `create` of one key, one gives a version and the others `undefined`.
 * - What `create` and `replace` answered, and what `read` and `list` have shown, survives what
 *   `supports.durable` says. A blob is whole or absent, never a part.
 * - A call that cannot answer throws. A `create` or `replace` that threw counts as one whose
 *   outcome nobody knows; a medium that does know throws `coreError('IO_FAILED', …)` or
 *   `NO_SPACE`, which say that nothing was stored or ever will be.
 *
 * `options` is what the caller gave, for media that can use it: the signal, `durable`.
 */
export interface Medium {
  /** What it can do. Left out: no `replaceIf`, no `streams`; `ranges`, `pins`, 512 bytes of key. */
  readonly supports: Pick<BlobStoreSupport, 'durable' | 'crossProcess'> & Partial<BlobStoreSupport>
  /** The largest blob it takes. Default: {@link MAX_BLOB_BYTES}. */
  readonly maxBlobBytes?: number
  /** The part of a blob from `start` to `end`, which may lie past its end. `undefined`: none. */
  read(
    key: string,
    range: { readonly start: number; readonly end: number },
    options?: CallOptions,
  ): Awaitable<MediumBlob | undefined>
  /** Stores a blob under a key that has none, and gives its version. `undefined`: it has one. */
  create(key: string, body: Uint8Array, options?: PutOptions): Awaitable<string | undefined>
  /**
   * Stores a blob, whatever was there. With `expected`, which only those with `replaceIf` are
   * given: if the key has that version; `undefined`: it has not.
   */
  replace(
    key: string,
    body: Uint8Array,
    expected: string | undefined,
    options?: PutOptions,
  ): Awaitable<string | undefined>
  /** The blobs whose keys start with `prefix` and come after `after`, in byte order. */
  list(
    prefix: string,
    after: string,
    options?: CallOptions,
  ):
    | Iterable<MediumFacts & { readonly key: string }>
    | AsyncIterable<MediumFacts & { readonly key: string }>
  /** Takes a blob away; one that is not there is fine. */
  remove(key: string, options?: CallOptions): Awaitable<void>
  /** Lets go of what it holds open. Called once. */
  close?(): Awaitable<void>
}

/** Bodies are collected in memory before they are stored; what capabilities stage is less. */
export const MAX_BLOB_BYTES: number = 2 ** 30

import type { CoreError, EntryInfo, JsonObject, LayerName, Result } from '@tidemark/core'

/**
 * What a layer does decides where it may stand: what compresses comes before what encrypts (the
 * reverse is useless), checksums are over stored bytes, a seal covers everything.
 */
export type LayerKind = 'compress' | 'encrypt' | 'checksum' | 'seal'

/** Why a layer refuses what it reads. */
export type LayerError = CoreError<
  'CORRUPTED' | 'AUTHENTICATION_FAILED' | 'UNKNOWN_KEY' | 'LIMIT_EXCEEDED'
>

/** Bytes `start` (inclusive) to `end` (exclusive). */
export interface Range {
  readonly start: number
  readonly end: number
}

/** The entry whose bytes pass. */
export interface EntryContext {
  readonly identifier: string
  readonly key: string
  /** 32 random bytes, other ones for each put; recorded and sealed. Empty unless one encrypts. */
  readonly salt: Uint8Array
  /** What this layer's own `seal` gave, verified. Absent while the checkpoint is a draft. */
  readonly seal: JsonObject | undefined
}

/** Which part of the stored bytes `backward` gets. */
export interface Extent {
  /** Where the stream begins; 0 unless the layer has a `window`. */
  readonly start: number
  /** Whether it ends where the stored bytes end. */
  readonly toEnd: boolean
}

/** The stored bytes that a range of the original needs. */
export interface Window {
  readonly stored: Range
  /** Where in the original the output of `backward` begins. */
  readonly first: number
}

/** Everything that a checkpoint says, for a layer that seals it. */
export interface SealedFacts {
  readonly identifier: string
  readonly generation: number
  readonly committedAtMs: number
  /** The oldest generation since the identifier was last removed. */
  readonly born: number
  /** The digest of the record before it in hex, if there was one. */
  readonly previous: string | undefined
  /** The random name of the place. */
  readonly place: string
  readonly metadata: JsonObject
  readonly layers: readonly LayerName[]
  /** In byte order of their keys. */
  readonly entries: readonly SealedEntry[]
}

/** An entry as it is sealed. `sizeBytes` is what the value has, before any layer. */
export interface SealedEntry extends EntryInfo {
  /** SHA-256 of each piece of 1 MiB of the stored bytes, one after the other; at least one. */
  readonly digests: Uint8Array
  readonly salt: Uint8Array
}

/**
 * One thing done to every value on its way to the medium, and undone on its way back: a plain
 * value with an `id` and a `version`, which are recorded with the data.
 *
 * `forward` and `backward` are streams of pieces; each piece given is theirs to keep. What
 * `backward` throws must be a {@link LayerError}; anything else counts as damage of the entry.
 */
export interface Layer<Kind extends LayerKind = LayerKind> extends LayerName {
  readonly kind: Kind
  /** Whether the stack keeps a list of all checkpoints, sealed as every other: see `verifyStorage`. */
  readonly isIndexed?: boolean
  /**
   * Whether `forward` reads each byte of its body once, and hands out memory of its own: then bytes
   * that the caller still holds need not be copied first.
   */
  readonly readsOnce?: boolean
  /** Set when this runtime lacks what the layer needs: `stack` refuses with `UNSUPPORTED`. */
  readonly lacks?: string
  forward?(body: AsyncIterable<Uint8Array>, entry: EntryContext): AsyncIterable<Uint8Array>
  backward?(
    stored: AsyncIterable<Uint8Array>,
    entry: EntryContext,
    extent: Extent,
  ): AsyncIterable<Uint8Array>
  /** Where a range lies in what is stored. Without it, ranges are read from the beginning. */
  window?(range: Range): Window
  /** Called once for each commit: what it gives is stored with the checkpoint. */
  seal?(facts: SealedFacts): JsonObject
  /** Called for each load, before any value is read. `seal` is whatever lies there. */
  verify?(facts: SealedFacts, seal: JsonObject): Result<void, LayerError>
}

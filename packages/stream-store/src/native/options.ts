import type { BlobCommitLogOptions, BlobStore, CallOptions, Clock } from '@tidemark/core'
import type { SkippedCheckpoint } from '../store/checkpoint-store.ts'
import type { ReadStoreError, WriteStoreError } from '../store/store-errors.ts'

/** Something a store has to tell that is nobody's result. */
export type StoreEvent =
  /** An older checkpoint was given, because newer ones are damaged. */
  | { readonly kind: 'degraded'; readonly skipped: readonly SkippedCheckpoint[] }
  /** Garbage could not be deleted now; it will be tried again. */
  | { readonly kind: 'collect-failed'; readonly error: ReadStoreError | WriteStoreError }

/** Options of {@link openStreamStore}. */
export interface StreamStoreOptions extends CallOptions {
  /** The medium. Use `prefixed` to give a store a part of one. */
  readonly store: BlobStore
  /**
   * `'write'` (default) takes the store over from whoever has it, at once: their next write is
   * `FENCED`. `'read'` takes nothing and creates nothing.
   */
  readonly mode?: 'write' | 'read'
  /** Every save keeps this many of the newest checkpoints; `Infinity` keeps all. Default 3. */
  readonly keep?: number
  /** Partition count that manifests are held against. Default 256. */
  readonly vnodeCount?: number
  /** How long given up state stays for those who still read it, in ms. Default 900 000. */
  readonly graceMs?: number
  /** How long state may wait for its manifest before it is an orphan, in ms. Default 86 400 000. */
  readonly orphanMinAgeMs?: number
  /** What to do with a store whose whole history is damaged. Default `'refuse'` (`HEAD_LOST`). */
  readonly onLostHistory?: 'refuse' | 'begin-anew'
  readonly onEvent?: (event: StoreEvent) => void
  /** Wall time, for ages and for people. Decides nothing about order or ownership. */
  readonly nowMs?: () => number
  /** Monotonic time, for signs of life, and for the pauses of recovery. */
  readonly clock?: Clock
  /** How an append whose answer is lost is settled. */
  readonly log?: BlobCommitLogOptions
  /** Also close the medium when the store is closed. Default `false`. */
  readonly closeMedium?: boolean
}

/** What retention keeps unless said otherwise. */
export const KEEP = 3

/** The most that retention can be asked to keep (short of everything). */
export const MAX_KEEP = 500

/** Given up state stays this long: longer than any single read should take. */
export const GRACE_MS = 900_000

/** State waits this long for its manifest: a day, for nobody retries a save for longer. */
export const ORPHAN_MIN_AGE_MS = 86_400_000

import type { BlobStore, CallOptions, Clock, ProcessProbe } from '@tidemark/core'
import type { OperationListener } from './events/event-source.ts'
import type { PayloadOptions, Retention } from './operation.ts'

/** Where an operation lies. */
export interface OperationPlace {
  readonly store: BlobStore
  /** Any well-formed Unicode of 1 to 1024 bytes. */
  readonly name: string
}

/** How an operation is owned. */
export interface OwnerOptions extends CallOptions {
  /**
   * How long to wait for a live owner to let go, in ms; `true`: until the signal fires. Default:
   * `LOCKED` as soon as the owner is known to live.
   */
  readonly wait?: number | true
  /** How long this owner may be silent before others take it to be gone, in ms. Default 30 000. */
  readonly staleAfterMs?: number
  /** Start over when the operation is completed. Default: it stays completed. */
  readonly restart?: boolean
  /**
   * Larger payloads and results are stored in blobs of their own, beside the log. Default 256 KiB,
   * up to 4 MiB.
   */
  readonly stageAboveBytes?: number
  /** Called for every event, from the first one on. */
  readonly onEvent?: OperationListener
  /** What is known of the processes of this machine, so that a dead owner is seen at once. */
  readonly probe?: ProcessProbe
  /** Monotonic time and timers. */
  readonly clock?: Clock
  /** The wall clock, in ms since 1970; for the time in checkpoints. */
  readonly now?: () => number
  /** Fills bytes at random, for incarnations. */
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array
}

/** Options of `openOperation`. */
export interface OpenOptions<T> extends OperationPlace, OwnerOptions, PayloadOptions<T> {
  readonly mode?: 'write'
  /** Compact without being asked. */
  readonly retention?: Retention
}

/** Options of `openOperation` for reading only. */
export interface ReadOptions<T> extends OperationPlace, PayloadOptions<T> {
  readonly mode: 'read'
}

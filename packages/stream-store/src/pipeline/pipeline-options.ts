import type { CallOptions, Clock, CoreError, JsonValue } from '@tidemark/core'
import type { PutStateError } from '../native/checkpoint-writer.ts'
import type { StreamStore } from '../native/stream-store.ts'
import type { LoadLatestError, RecoverError, WriteStoreError } from '../store/store-errors.ts'

/** One item of a source, with the place to go on from once it has been processed. */
export interface PipelineItem<T> {
  readonly value: T
  /** Opaque to us: the source gets it back when the pipeline resumes. */
  readonly offset: string
  /** For a source of several parts, each with an offset of its own. Default `'0'`. */
  readonly partition?: string
}

/** Where a pipeline stands. */
export interface PipelinePosition {
  readonly checkpointId: bigint
  readonly epoch: bigint
  /** The offset of the last item of each partition that is in the state. */
  readonly offsets: ReadonlyMap<string, string>
}

/** Options of {@link pipelineCheckpoints}. */
export interface PipelineOptions<T, S extends JsonValue> extends CallOptions {
  readonly store: StreamStore
  /** Gives the items after the offsets; with none, from the beginning. */
  readonly source: (offsets: ReadonlyMap<string, string>) => AsyncIterable<PipelineItem<T>>
  /** The state before the first item. */
  readonly initial: S
  /** The state after one more item. Must not change the state it was given. */
  readonly reduce: (state: S, value: T) => S | Promise<S>
  /** Reads saved state back: checks it, as any JSON from outside. What it throws is `DECODE_FAILED`. */
  readonly parse: (saved: JsonValue) => S
  /**
   * Makes the state of an epoch visible outside. Called after its checkpoint is durable, and again
   * after a crash unless it is known to have returned: make it idempotent by epoch.
   */
  readonly sink?: (state: S, position: PipelinePosition) => void | Promise<void>
  /** When to save: after so many items, or so long after the first unsaved one. */
  readonly every?: { readonly items?: number; readonly ms?: number }
  /** Begin anew although there are checkpoints and none can be used. Default `false`. */
  readonly allowFreshStart?: boolean
  readonly clock?: Clock
}

/** How a pipeline ended. */
export interface PipelineReport<S> {
  readonly state: S
  /** Items that this run processed. */
  readonly items: number
  /** Checkpoints that this run saved. */
  readonly checkpoints: number
  /** Where it went on from; `undefined`: from the beginning. */
  readonly resumedFrom: PipelinePosition | undefined
  readonly position: PipelinePosition | undefined
}

/** Why a pipeline stopped before its source did. What a callback throws is thrown on. */
export type PipelineError =
  | WriteStoreError
  | RecoverError
  | LoadLatestError
  | PutStateError
  | CoreError<'DECODE_FAILED' | 'KEY_NOT_FOUND' | 'ENCODE_FAILED' | 'ABORTED'>

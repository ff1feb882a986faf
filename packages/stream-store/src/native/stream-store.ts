import type { AsyncResult, CallOptions } from '@tidemark/core'
import type { ManifestInput, Named } from '../manifest/create-manifest.ts'
import type { SinkCommitStatus } from '../manifest/manifest.ts'
import type { CheckpointStore, SaveOutcome } from '../store/checkpoint-store.ts'
import type { ReadStoreError, WriteStoreError } from '../store/store-errors.ts'
import type { CheckpointState } from './checkpoint-state.ts'
import type { CheckpointWriter } from './checkpoint-writer.ts'
import type { CollectReport } from './collector.ts'
import type { EntryStatus } from './head.ts'
import type { Result } from '@tidemark/core'

/** What a checkpoint begins with: a manifest of which id, epoch and everything else may be left out. */
export interface BeginInput extends Partial<ManifestInput> {}

/** A store as it is, for people and for monitoring. */
export interface StoreInspection {
  readonly storeId: string | undefined
  /** `'writer'` with the number of its ownership, `'displaced'` after somebody took over. */
  readonly role: 'writer' | 'displaced' | 'reader'
  readonly ownerEpoch: number | undefined
  readonly nextId: bigint
  readonly nextEpoch: bigint
  readonly checkpoints: number
  /** The newest checkpoints, ids ascending. */
  readonly newest: readonly {
    readonly checkpointId: bigint
    readonly epoch: bigint
    readonly status: EntryStatus
    readonly revision: number
    readonly bytes: number
    /** The keys of the blobs that hold its state. */
    readonly blobs: readonly string[]
    readonly createdMs: number
  }[]
  /** State that waits for its manifest. */
  readonly orphans: readonly bigint[]
  readonly garbageBlobs: number
  /** Damaged records, newest first. */
  readonly damaged: readonly { readonly seq: number; readonly reason: string }[]
  readonly durable: 'none' | 'process' | 'power'
}

/**
 * Checkpoints of a stream processor on one medium: LaminarDB's fourteen methods, and beside them
 * state larger than memory in named slots.
 *
 * One writer at a time: opening takes the store over, and whoever had it is `FENCED` at the next
 * write. Every change is one record of a commit log.
 */
export interface StreamStore extends CheckpointStore, AsyncDisposable {
  /**
   * Begins a checkpoint whose state is streamed in. Without ids, the next ones are used. `FENCED` and
   * the like come with the writer's calls; a store opened for reading is `UNSUPPORTED`.
   */
  begin(input?: BeginInput): Result<CheckpointWriter, WriteStoreError>
  /** Opens the state of a checkpoint; `undefined` when there is none. Close it after. */
  openState(
    checkpointId: bigint,
    options?: CallOptions,
  ): AsyncResult<CheckpointState | undefined, ReadStoreError | WriteStoreError>
  /**
   * Writes down what sinks did, merged into what is known. Two calls at once both count. A sink that
   * committed stays so: `CONFLICT`.
   */
  recordSinkStatus(
    checkpointId: bigint,
    statuses: Named<SinkCommitStatus>,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError>
  /** Deletes what was given up and is past its grace. Also happens by itself, beside the saves. */
  collect(options?: CallOptions): AsyncResult<CollectReport, ReadStoreError | WriteStoreError>
  /** The store as it is. Changes nothing. */
  inspect(options?: CallOptions): AsyncResult<StoreInspection, ReadStoreError>
  /** Waits for what was begun and lets go of the store. Safe to repeat. */
  close(): Promise<void>
}

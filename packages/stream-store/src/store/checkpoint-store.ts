import type { AsyncResult, CallOptions } from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import type { ChecksumRule } from '../manifest/state-checksum.ts'
import type { Fault, ValidationIssue } from '../manifest/validate-manifest.ts'
import type {
  LoadLatestError,
  ReadStoreError,
  RecoverError,
  WriteStoreError,
} from './store-errors.ts'

/** The number of a checkpoint and its epoch. */
export interface CheckpointRef {
  readonly checkpointId: bigint
  readonly epoch: bigint
}

/** What a save did. */
export interface SaveOutcome {
  /** `false`: exactly this was there already. */
  readonly created: boolean
  /** Whether this is now the checkpoint that `loadLatest` gives. */
  readonly advancedLatest: boolean
  /** What retention took away, if it is set. */
  readonly pruned: PruneReport
}

/** Why a checkpoint was not pruned although it is not among the newest. */
export type HoldReason = 'newest-committed' | 'undecided' | 'unsettled'

/** What a pruning did. */
export interface PruneReport {
  /** Ids that are gone, ascending. */
  readonly removed: readonly bigint[]
  /** What would have been over the limit and stays, ascending. */
  readonly heldBack: readonly { readonly checkpointId: bigint; readonly reason: HoldReason }[]
}

/** Options of {@link CheckpointStore.loadLatest}. */
export interface LoadLatestOptions extends CallOptions {
  /** Give `undefined` instead of `NO_USABLE_CHECKPOINT`: start from nothing although … */
  readonly allowFreshStart?: boolean
}

/** Options of {@link CheckpointStore.updateManifest}. */
export interface UpdateOptions extends CallOptions {
  /** Only if the manifest is still this revision. Default: the one this handle saw last. */
  readonly expectedRevision?: number
}

/** How closely a checkpoint is looked at. */
export interface ValidateOptions extends CallOptions {
  /** `'shallow'`: the manifest, and that its state is there. `'deep'` (default): every byte. */
  readonly depth?: 'shallow' | 'deep'
}

/** What is known of one checkpoint after a look. */
export interface ValidationResult {
  readonly checkpointId: bigint
  /** Whether it may be restored: no issue is fatal. */
  readonly valid: boolean
  readonly issues: readonly ValidationIssue[]
  /** By which rule the checksum came out right. */
  readonly checksumRule?: ChecksumRule
}

/** A checkpoint, or a damaged record that may have been one, that recovery passed over. */
export interface SkippedCheckpoint {
  /** `undefined`: a record so damaged that nobody knows its id. */
  readonly checkpointId: bigint | undefined
  /** The record, where records are numbered. */
  readonly seq?: number
  /** Damaged, not there, or whole and not to be restored. Never a medium that did not answer. */
  readonly fault: Fault
  /** All that was found, joined by `; `. */
  readonly reason: string
}

/** How recovery went. */
export interface RecoveryReport {
  /** The newest checkpoint that may be restored; `undefined`: none. */
  readonly chosenId: bigint | undefined
  readonly chosenEpoch: bigint | undefined
  /** Newer than the chosen one and passed over, newest first. */
  readonly skipped: readonly SkippedCheckpoint[]
  /** How many ids there are. */
  readonly examined: number
  /** How many of them were looked at. */
  readonly visited: number
  /**
   * Whether starting from nothing is right: `'no'`, there is a checkpoint; `'empty'`, there never
   * was one; `'refused'`, there are some and none is usable.
   */
  readonly freshStart: 'no' | 'empty' | 'refused'
  readonly checksumRule?: ChecksumRule
  readonly elapsedMs: number
}

/**
 * The seven methods that a store of one's own must have; `checkpointStore` adds the rest.
 *
 * Ids are given by the caller and rise. A reader never sees part of a save.
 */
export interface RequiredCheckpointStore {
  /**
   * Stores a manifest whole. After `ok` it is as durable as the medium. The same manifest again is
   * `ok` with `created: false`; another one under a used id is `CONFLICT`, and nothing changed.
   */
  save(
    manifest: CheckpointManifest,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError>
  /**
   * The newest checkpoint. `undefined` only when there never was one: with damaged ones alone it is
   * `NO_USABLE_CHECKPOINT`.
   */
  loadLatest(
    options?: LoadLatestOptions,
  ): AsyncResult<CheckpointManifest | undefined, LoadLatestError>
  /** One checkpoint's manifest; `undefined` when there is none. `CORRUPTED` when it is damaged. */
  loadById(
    checkpointId: bigint,
    options?: CallOptions,
  ): AsyncResult<CheckpointManifest | undefined, ReadStoreError>
  /** The readable checkpoints, ids ascending. */
  list(options?: CallOptions): AsyncResult<CheckpointRef[], ReadStoreError>
  /**
   * Keeps the newest `keep` (at least 1) and removes the rest, but never the newest committed one
   * nor one whose sinks are undecided or unsettled. Sweeps orphans past their age.
   */
  prune(keep: number, options?: CallOptions): AsyncResult<PruneReport, WriteStoreError>
  /**
   * Stores the binary state of an id, chunk by chunk, never joined. May come before or after the
   * manifest. The same bytes again are `ok`; others under the same id are `CONFLICT`.
   */
  saveStateData(
    checkpointId: bigint,
    chunks: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<void, WriteStoreError>
  /** The whole binary state of an id, verified; `undefined` when there is none. */
  loadStateData(
    checkpointId: bigint,
    options?: CallOptions,
  ): AsyncResult<Uint8Array | undefined, ReadStoreError>
}

/** The methods that follow from the seven; a store may have better ones. */
export interface DerivedCheckpointStore {
  /** The partition count that loaded manifests are held against. */
  vnodeCount(): number
  /** All ids, damaged checkpoints too, ascending. */
  listIds(options?: CallOptions): AsyncResult<bigint[], ReadStoreError>
  /** Replaces the manifest of an id. `CHECKPOINT_NOT_FOUND`: it does not bring one back. */
  updateManifest(
    manifest: CheckpointManifest,
    options?: UpdateOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError>
  /** Looks at one checkpoint. Changes nothing. */
  validateCheckpoint(
    checkpointId: bigint,
    options?: ValidateOptions,
  ): AsyncResult<ValidationResult, RecoverError>
  /**
   * Walks from the newest checkpoint to the first that may be restored, and says why it passed over
   * the others. A medium that does not answer is asked again for 1.5 s, and then it is
   * `RECOVERY_BLOCKED`, never a step back. One that refuses (no permission) is `IO_FAILED` at once.
   */
  recoverLatestValidated(options?: ValidateOptions): AsyncResult<RecoveryReport, RecoverError>
  /** Deletes state without a manifest that is past its age; resolves how many were deleted. */
  cleanupOrphans(options?: CallOptions): AsyncResult<number, WriteStoreError>
  /** State first, then the manifest with the checksum of the state: the way to save. */
  saveWithState(
    manifest: CheckpointManifest,
    chunks?: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError>
}

/**
 * A store of stream checkpoints: LaminarDB's trait of fourteen methods.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { createManifest, openStreamStore } from '@tidemark/stream-store'
 *
 * const store = unwrap(await openStreamStore({ store: new MemoryBlobStore() }))
 * const manifest = createManifest({ checkpointId: 1, epoch: 1 })
 * unwrap(await store.saveWithState(manifest, [new Uint8Array([1, 2])]))
 * unwrap(await store.loadStateData(1n)) // => [1, 2]
 * await store.close()
 */
export interface CheckpointStore extends RequiredCheckpointStore, DerivedCheckpointStore {}

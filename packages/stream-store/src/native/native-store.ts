import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type Clock,
  type CommitLog,
  type Pins,
  type Result,
} from '@tidemark/core'
import type { Named } from '../manifest/create-manifest.ts'
import type { CheckpointManifest, SinkCommitStatus } from '../manifest/manifest.ts'
import { MAX_BUFFERED_BYTES } from '../state/slot.ts'
import type {
  CheckpointRef,
  LoadLatestOptions,
  PruneReport,
  RecoveryReport,
  SaveOutcome,
  UpdateOptions,
  ValidateOptions,
  ValidationResult,
} from '../store/checkpoint-store.ts'
import type {
  LoadLatestError,
  ReadStoreError,
  RecoverError,
  WriteStoreError,
} from '../store/store-errors.ts'
import { openStored, type CheckpointState } from './checkpoint-state.ts'
import type { CheckpointWriter } from './checkpoint-writer.ts'
import { pinName, type CollectReport } from './collector.ts'
import { describeStore } from './describe-store.ts'
import type { Found } from './history.ts'
import { listCheckpoints } from './list-checkpoints.ts'
import { loadNewest, recoverNative } from './recover-native.ts'
import { loadState } from './read-state.ts'
import { Publisher, type SeenRevisions } from './publisher.ts'
import type { BeginInput, StoreInspection, StreamStore } from './stream-store.ts'
import type { StoreEvent } from './options.ts'
import { validateNative } from './validate.ts'
import { findStored, loadManifest, type View } from './view.ts'
import type { Writing } from './writing.ts'

/** What a store is made of. */
export interface StoreParts {
  readonly store: BlobStore
  readonly log: CommitLog
  readonly view: View
  /** Absent in a store that was opened for reading. */
  readonly writing: Writing | undefined
  readonly pins: Pins | undefined
  readonly vnodeCount: number
  readonly clock: Clock
  readonly onEvent: (event: StoreEvent) => void
  /** Lets go of the medium, when it was opened for this store alone. */
  readonly release: (() => Promise<void>) | undefined
}

/** The half of a store that writes. */
interface Owner {
  readonly writing: Writing
  readonly publisher: Publisher
}

/** See {@link StreamStore}. */
export class NativeStore implements StreamStore {
  readonly #parts: StoreParts
  readonly #view: View
  readonly #seen: SeenRevisions = new Map<bigint, number>()
  readonly #writes: Owner | undefined
  #isClosed = false

  constructor(parts: StoreParts) {
    this.#parts = parts
    this.#view = parts.view
    const { writing } = parts
    if (writing !== undefined) {
      this.#writes = { writing, publisher: new Publisher(writing, this.#seen) }
    }
  }

  vnodeCount(): number {
    return this.#parts.vnodeCount
  }

  async save(
    manifest: CheckpointManifest,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? owner.value.publisher.save(manifest, options) : owner
  }

  async saveWithState(
    manifest: CheckpointManifest,
    chunks?: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? owner.value.publisher.saveWithState(manifest, chunks, options) : owner
  }

  async saveStateData(
    checkpointId: bigint,
    chunks: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<void, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? owner.value.publisher.saveStateData(checkpointId, chunks, options) : owner
  }

  async updateManifest(
    manifest: CheckpointManifest,
    options?: UpdateOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? owner.value.publisher.updateManifest(manifest, options) : owner
  }

  async recordSinkStatus(
    checkpointId: bigint,
    statuses: Named<SinkCommitStatus>,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok
      ? owner.value.publisher.recordSinkStatus(checkpointId, statuses, options)
      : owner
  }

  begin(input: BeginInput = {}): Result<CheckpointWriter, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? ok(owner.value.publisher.begin(input)) : owner
  }

  loadById(
    checkpointId: bigint,
    options?: CallOptions,
  ): AsyncResult<CheckpointManifest | undefined, ReadStoreError> {
    return this.#reading(async () => {
      const stored = await findStored(this.#view, checkpointId, options)
      if (stored.ok && stored.value !== undefined) {
        this.#seen.set(checkpointId, stored.value.entry.seq)
      }
      return stored.ok ? loadManifest(this.#view, checkpointId, options) : stored
    })
  }

  loadLatest(
    options?: LoadLatestOptions,
  ): AsyncResult<CheckpointManifest | undefined, LoadLatestError> {
    return this.#reading(async () => {
      const loaded = await loadNewest(this.#parts, this.#parts.onEvent, options)
      if (!loaded.ok || loaded.value === undefined) return loaded.ok ? ok(undefined) : loaded
      this.#seen.set(loaded.value.manifest.checkpointId, loaded.value.revision)
      return ok(loaded.value.manifest)
    })
  }

  list(options?: CallOptions): AsyncResult<CheckpointRef[], ReadStoreError> {
    return this.#reading(() => listCheckpoints(this.#view, options))
  }

  async listIds(options?: CallOptions): AsyncResult<bigint[], ReadStoreError> {
    const listed = await this.list(options)
    return listed.ok ? ok(listed.value.map(({ checkpointId }) => checkpointId)) : listed
  }

  loadStateData(
    checkpointId: bigint,
    options?: CallOptions,
  ): AsyncResult<Uint8Array | undefined, ReadStoreError> {
    return this.#reading(async () => {
      const stored = await findStored(this.#view, checkpointId, options)
      const state = stored.ok ? stored.value?.record.body.state : undefined
      if (!stored.ok || stored.value === undefined || state === undefined) {
        return stored.ok ? ok(undefined) : stored
      }
      return loadState(this.#view, stored.value, state, MAX_BUFFERED_BYTES, options)
    })
  }

  validateCheckpoint(
    checkpointId: bigint,
    options?: ValidateOptions,
  ): AsyncResult<ValidationResult, RecoverError> {
    return this.#reading(() => validateNative(this.#view, checkpointId, this.vnodeCount(), options))
  }

  recoverLatestValidated(options?: ValidateOptions): AsyncResult<RecoveryReport, RecoverError> {
    return this.#reading(() => recoverNative(this.#parts, this.vnodeCount(), options))
  }

  openState(
    checkpointId: bigint,
    options?: CallOptions,
  ): AsyncResult<CheckpointState | undefined, ReadStoreError | WriteStoreError> {
    return this.#reading<CheckpointState | undefined, ReadStoreError | WriteStoreError>(
      async () => {
        const unpin = await this.#parts.pins?.pin(pinName(checkpointId))
        if (unpin !== undefined && !unpin.ok) return unpin
        // Pinned first, then looked for: what is found now stays until it is let go.
        const stored = await findStored(this.#view, checkpointId, options)
        if (stored.ok && stored.value !== undefined) {
          return openStored(this.#view, stored.value, unpin?.value)
        }
        await unpin?.value()
        return stored.ok ? ok(undefined) : stored
      },
    )
  }

  async prune(keep: number, options?: CallOptions): AsyncResult<PruneReport, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? owner.value.writing.prune(keep, options) : owner
  }

  async cleanupOrphans(options?: CallOptions): AsyncResult<number, WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? owner.value.writing.cleanupOrphans(options) : owner
  }

  async collect(
    options?: CallOptions,
  ): AsyncResult<CollectReport, ReadStoreError | WriteStoreError> {
    const owner = this.#owner()
    return owner.ok ? owner.value.writing.collect(options) : owner
  }

  inspect(options?: CallOptions): AsyncResult<StoreInspection, ReadStoreError> {
    return this.#reading(async () => {
      const found: Result<Found, ReadStoreError> = await this.#view.current(options)
      return found.ok ? ok(describeStore(found.value, this.#parts)) : found
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#parts.writing?.close()
    await this.#parts.pins?.close()
    await this.#parts.release?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #reading<T, E>(read: () => AsyncResult<T, E>): AsyncResult<T, E | ReadStoreError> {
    return this.#isClosed ? err(closed()) : read()
  }

  /** What only the owner has; it may turn out at the next write that somebody else owns it now. */
  #owner(): Result<Owner, WriteStoreError> {
    if (this.#isClosed) return err(closed())
    if (this.#writes !== undefined) return ok(this.#writes)
    const message = 'this store was opened for reading; open it with mode: "write"'
    return err(coreError('UNSUPPORTED', message, { feature: 'writing' }))
  }
}

function closed(): ReadStoreError {
  const details = { what: 'store', reason: 'closed' } as const
  return coreError('CLOSED', 'this store is closed; open it again', details)
}

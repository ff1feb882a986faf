import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type CommitLog,
  type Pins,
  type Result,
} from '@tidemark/core'
import { createManifest, type Named } from '../manifest/create-manifest.ts'
import type { CheckpointManifest, SinkCommitStatus } from '../manifest/manifest.ts'
import { inlineDigest, stampInline } from '../manifest/state-checksum.ts'
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
import { SlotWriter, type CheckpointWriter } from './checkpoint-writer.ts'
import { pinName, type CollectReport } from './collector.ts'
import { describeStore } from './describe-store.ts'
import type { Found } from './history.ts'
import { listCheckpoints } from './list-checkpoints.ts'
import { loadNewest, recoverNative } from './recover-native.ts'
import { loadState } from './read-state.ts'
import { NO_STATE, planSave, planState, planUpdate, type StagedBody } from './save.ts'
import { mergeStatuses } from './sink-status.ts'
import { stageChunks } from './stage-chunks.ts'
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
  readonly onEvent: (event: StoreEvent) => void
  /** Lets go of the medium, when it was opened for this store alone. */
  readonly release: (() => Promise<void>) | undefined
}

/** See {@link StreamStore}. */
export class NativeStore implements StreamStore {
  readonly #parts: StoreParts
  readonly #view: View
  /** The revision of each manifest that this handle saw last. */
  readonly #seen = new Map<bigint, number>()
  #isClosed = false

  constructor(parts: StoreParts) {
    this.#parts = parts
    this.#view = parts.view
  }

  vnodeCount(): number {
    return this.#parts.vnodeCount
  }

  save(
    manifest: CheckpointManifest,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    return this.#publish(manifest, NO_STATE, options)
  }

  async saveWithState(
    manifest: CheckpointManifest,
    chunks?: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    if (chunks === undefined) return this.save(stampInline(manifest), options)
    return this.#staging(
      chunks,
      inlineDigest(manifest) ?? '',
      (staged, stateChecksum) => this.#publish({ ...manifest, stateChecksum }, staged, options),
      ({ created }) => created,
      options,
    )
  }

  async saveStateData(
    checkpointId: bigint,
    chunks: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<void, WriteStoreError> {
    const writing = this.#writing()
    if (!writing.ok) return writing
    const { ledger, policy } = writing.value
    const saved = await this.#staging(
      chunks,
      '',
      (staged) =>
        ledger.change(
          (head, seq) => planState(policy, head, seq, checkpointId, staged, chunks, options),
          options,
        ),
      (outcome) => outcome === 'stored',
      options,
    )
    return saved.ok ? ok() : saved
  }

  async updateManifest(
    manifest: CheckpointManifest,
    options?: UpdateOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const id = manifest.checkpointId
    const expected = options?.expectedRevision ?? this.#seen.get(id)
    return this.#update(id, options, (_, revision) =>
      expected === undefined || expected === revision ? ok({ value: manifest }) : err(moved(id)),
    )
  }

  recordSinkStatus(
    checkpointId: bigint,
    statuses: Named<SinkCommitStatus>,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    return this.#update(checkpointId, options, (manifest) => mergeStatuses(manifest, statuses))
  }

  begin(input: BeginInput = {}): Result<CheckpointWriter, WriteStoreError> {
    const writing = this.#writing()
    if (!writing.ok) return writing
    const ids = writing.value.nextIds(input.checkpointId, input.epoch)
    const timestampMs = input.timestampMs ?? writing.value.policy.nowMs()
    const manifest = createManifest({ ...input, ...ids, timestampMs })
    return ok(
      new SlotWriter({
        manifest,
        attempt: writing.value.attempts.begin(),
        publish: (staged, options) => this.#publish(manifest, staged, options),
      }),
    )
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
      const loaded = await loadNewest(this.#view, this.#parts.onEvent, options)
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
    return this.#reading(() => recoverNative(this.#view, this.vnodeCount(), options))
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
    const writing = this.#writing()
    return writing.ok ? writing.value.prune(keep, options) : writing
  }

  async cleanupOrphans(options?: CallOptions): AsyncResult<number, WriteStoreError> {
    const writing = this.#writing()
    return writing.ok ? writing.value.cleanupOrphans(options) : writing
  }

  async collect(
    options?: CallOptions,
  ): AsyncResult<CollectReport, ReadStoreError | WriteStoreError> {
    const writing = this.#writing()
    return writing.ok ? writing.value.collect(options) : writing
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

  /** Stages chunks, hands them on, and deletes them when nothing names them in the end. */
  async #staging<T>(
    chunks: readonly Uint8Array[],
    prefix: string,
    use: (staged: StagedBody, sha256: string) => AsyncResult<T, WriteStoreError>,
    isUsed: (value: T) => boolean,
    options: CallOptions | undefined,
  ): AsyncResult<T, WriteStoreError> {
    const writing = this.#writing()
    if (!writing.ok) return writing
    const attempt = writing.value.attempts.begin(options)
    const staged = await stageChunks(attempt, chunks, prefix)
    const used = staged.ok ? await use(staged.value.staged, staged.value.sha256) : staged
    const isOver = used.ok && isUsed(used.value)
    await attempt.settle(isOver ? undefined : used.ok ? 'unused' : used.error)
    return used
  }

  #publish(
    manifest: CheckpointManifest,
    staged: StagedBody,
    options: CallOptions | undefined,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const writing = this.#writing()
    if (!writing.ok) return Promise.resolve(writing)
    const { ledger, policy } = writing.value
    return ledger.change(async (head, seq) => {
      const plan = await planSave(policy, head, seq, manifest, staged, options)
      if (plan.ok && 'head' in plan.value) this.#seen.set(manifest.checkpointId, seq)
      return plan
    }, options)
  }

  #update(
    id: bigint,
    options: CallOptions | undefined,
    change: (manifest: CheckpointManifest, revision: number) => ReturnType<typeof mergeStatuses>,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const writing = this.#writing()
    if (!writing.ok) return Promise.resolve(writing)
    const { ledger, policy } = writing.value
    return ledger.change(async (head, seq) => {
      const plan = await planUpdate(policy, head, seq, id, change, options)
      if (plan.ok && 'head' in plan.value) this.#seen.set(id, seq)
      return plan
    }, options)
  }

  async #reading<T, E>(read: () => AsyncResult<T, E>): AsyncResult<T, E | ReadStoreError> {
    return this.#isClosed ? err(closed()) : read()
  }

  #writing(): Result<Writing, WriteStoreError> {
    if (this.#isClosed) return err(closed())
    const { writing } = this.#parts
    if (writing !== undefined) return ok(writing)
    const message = 'this store was opened for reading; open it with mode: "write"'
    return err(coreError('UNSUPPORTED', message, { feature: 'writing' }))
  }
}

function closed(): ReadStoreError {
  const details = { what: 'store', reason: 'closed' } as const
  return coreError('CLOSED', 'this store is closed; open it again', details)
}

function moved(id: bigint): WriteStoreError {
  const message = `checkpoint ${id} was changed since it was read; load it and decide again`
  return coreError('CONFLICT', message, { identifier: String(id), reason: 'changed' })
}

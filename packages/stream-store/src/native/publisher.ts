import { coreError, err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { createManifest, type Named } from '../manifest/create-manifest.ts'
import type { CheckpointManifest, SinkCommitStatus } from '../manifest/manifest.ts'
import { inlineDigest, stampInline } from '../manifest/state-checksum.ts'
import type { SaveOutcome, UpdateOptions } from '../store/checkpoint-store.ts'
import type { WriteStoreError } from '../store/store-errors.ts'
import { SlotWriter, type CheckpointWriter } from './checkpoint-writer.ts'
import { NO_STATE, planSave, planState, planUpdate, type StagedBody } from './save.ts'
import { mergeStatuses } from './sink-status.ts'
import { stageChunks } from './stage-chunks.ts'
import type { BeginInput } from './stream-store.ts'
import type { Writing } from './writing.ts'

/** The revision of each manifest that a handle saw last. */
export type SeenRevisions = Map<bigint, number>

/** Makes checkpoints of manifests and state: stages what is large, then publishes one record. */
export class Publisher {
  readonly #writing: Writing
  readonly #seen: SeenRevisions

  constructor(writing: Writing, seen: SeenRevisions) {
    this.#writing = writing
    this.#seen = seen
  }

  /** See `CheckpointStore.save`. */
  save(
    manifest: CheckpointManifest,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    return this.#publish(manifest, NO_STATE, options)
  }

  /** See `CheckpointStore.saveWithState`. */
  async saveWithState(
    manifest: CheckpointManifest,
    chunks: readonly Uint8Array[] | undefined,
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

  /** See `CheckpointStore.saveStateData`. */
  async saveStateData(
    checkpointId: bigint,
    chunks: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<void, WriteStoreError> {
    const { ledger, policy } = this.#writing
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

  /** See `CheckpointStore.updateManifest`. */
  updateManifest(
    manifest: CheckpointManifest,
    options?: UpdateOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const id = manifest.checkpointId
    const expected = options?.expectedRevision ?? this.#seen.get(id)
    return this.#update(id, options, (_, revision) =>
      expected === undefined || expected === revision ? ok({ value: manifest }) : err(moved(id)),
    )
  }

  /** See `StreamStore.recordSinkStatus`. */
  recordSinkStatus(
    checkpointId: bigint,
    statuses: Named<SinkCommitStatus>,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    return this.#update(checkpointId, options, (manifest) => mergeStatuses(manifest, statuses))
  }

  /** See `StreamStore.begin`. */
  begin(input: BeginInput): CheckpointWriter {
    const ids = this.#writing.nextIds(input.checkpointId, input.epoch)
    const timestampMs = input.timestampMs ?? this.#writing.policy.nowMs()
    const manifest = createManifest({ ...input, ...ids, timestampMs })
    return new SlotWriter({
      manifest,
      attempt: this.#writing.attempts.begin(),
      publish: (staged, options) => this.#publish(manifest, staged, options),
    })
  }

  /** Stages chunks, hands them on, and deletes them when nothing names them in the end. */
  async #staging<T>(
    chunks: readonly Uint8Array[],
    prefix: string,
    use: (staged: StagedBody, sha256: string) => AsyncResult<T, WriteStoreError>,
    isUsed: (value: T) => boolean,
    options: CallOptions | undefined,
  ): AsyncResult<T, WriteStoreError> {
    const attempt = this.#writing.attempts.begin(options)
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
    const { ledger, policy } = this.#writing
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
    const { ledger, policy } = this.#writing
    return ledger.change(async (head, seq) => {
      const plan = await planUpdate(policy, head, seq, id, change, options)
      if (plan.ok && 'head' in plan.value) this.#seen.set(id, seq)
      return plan
    }, options)
  }
}

function moved(id: bigint): WriteStoreError {
  const message = `checkpoint ${id} was changed since it was read; load it and decide again`
  return coreError('CONFLICT', message, { identifier: String(id), reason: 'changed' })
}

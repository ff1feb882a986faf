import {
  coreError,
  err,
  ok,
  sha256Stream,
  toHex,
  attempt,
  thrownError,
  type AsyncResult,
  type CallOptions,
} from '@tidemark/core'
import { encodeManifest, manifestDigest } from '../manifest/manifest-codec.ts'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { beginStateChecksum, stampInline } from '../manifest/state-checksum.ts'
import { notFound, taken } from '../native/save.ts'
import type {
  CheckpointStore,
  LoadLatestOptions,
  PruneReport,
  SaveOutcome,
  UpdateOptions,
  ValidateOptions,
} from '../store/checkpoint-store.ts'
import { recoverLatest } from '../store/recover.ts'
import { NOTHING_PRUNED } from '../store/retention.ts'
import type { ReadStoreError, WriteStoreError } from '../store/store-errors.ts'
import { listNames, readManifest, readPointer, type LaminarPlace } from './laminar-files.ts'
import { listReadable, loadNewestFile, loadStateFile, validateFiles } from './laminar-reader.ts'
import { findOrphans, pruneFiles, sweepFiles } from './laminar-retention.ts'
import type { LaminarInspection, LaminarParts } from './laminar-store.ts'
import { LaminarTurns } from './laminar-turns.ts'
import { directoryName, fileKey, POINTER_KEY } from './names.ts'

const utf8 = new TextEncoder()

/** The methods that the layout has of its own; the others follow from them. */
export class LaminarFiles {
  readonly #parts: LaminarParts
  readonly #place: LaminarPlace
  readonly #turns: LaminarTurns
  #newestId: bigint | undefined
  #closing: Promise<void> | undefined
  /** Ids that were taken away here: their names are never given out again. */
  readonly #removed = new Set<bigint>()
  /** The digest of each manifest as it was seen last, for updates. */
  readonly #seen = new Map<bigint, string>()

  constructor(parts: LaminarParts, newestId: bigint | undefined) {
    this.#parts = parts
    this.#place = parts.place
    this.#turns = new LaminarTurns(parts)
    this.#newestId = newestId
  }

  vnodeCount(): number {
    return this.#parts.vnodeCount
  }

  save(
    manifest: CheckpointManifest,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    return this.#turns.take(() => this.#save(manifest, options), options)
  }

  saveStateData(
    id: bigint,
    chunks: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<void, WriteStoreError> {
    return this.#turns.take(() => this.#saveState(id, chunks, options), options)
  }

  /** State, then the manifest, in one turn: no sweep ever sees the one without the other. */
  async saveWithState(
    manifest: CheckpointManifest,
    chunks?: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    if (chunks === undefined) return this.save(stampInline(manifest), options)
    const checksum = beginStateChecksum(manifest)
    for (const chunk of chunks) checksum.update(chunk)
    const stateChecksum = toHex(checksum.digest())
    return this.#turns.take(async () => {
      const saved = await this.#saveState(manifest.checkpointId, chunks, options)
      return saved.ok ? this.#save({ ...manifest, stateChecksum }, options) : saved
    }, options)
  }

  updateManifest(
    manifest: CheckpointManifest,
    options?: UpdateOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    if (options?.expectedRevision !== undefined) return Promise.resolve(err(noRevisions()))
    return this.#turns.take(async () => {
      const id = manifest.checkpointId
      const encoded = encodeManifest(manifest, 'pretty')
      if (!encoded.ok) return encoded
      const current = await readManifest(this.#place, id, options)
      if (!current.ok) return current
      if (current.value === undefined) return err(notFound(id))
      const seen = this.#seen.get(id)
      if (seen !== undefined && seen !== manifestDigest(current.value.manifest)) {
        return err(changed(id))
      }
      const put = await this.#place.store.put(fileKey(id, 'manifest.json'), encoded.value, options)
      if (!put.ok) return put
      const owner = await this.#turns.confirmOwner(options)
      if (!owner.ok) return owner
      this.#seen.set(id, manifestDigest(manifest))
      return ok({ created: false, advancedLatest: false, pruned: NOTHING_PRUNED })
    }, options)
  }

  async loadById(
    id: bigint,
    options?: CallOptions,
  ): AsyncResult<CheckpointManifest | undefined, ReadStoreError> {
    const read = await readManifest(this.#place, id, options)
    if (!read.ok || read.value === undefined) return read.ok ? ok(undefined) : read
    this.#seen.set(id, manifestDigest(read.value.manifest))
    return ok(read.value.manifest)
  }

  loadLatest(options?: LoadLatestOptions): ReturnType<CheckpointStore['loadLatest']> {
    return loadNewestFile(this.#place, this.#parts, options)
  }

  loadStateData(id: bigint, options?: CallOptions): ReturnType<CheckpointStore['loadStateData']> {
    return loadStateFile(this.#place, id, options)
  }

  list(options?: CallOptions): ReturnType<CheckpointStore['list']> {
    return listReadable(this.#place, options)
  }

  /** All names, also of directories without a manifest: so their ids are not given out again. */
  async listIds(): AsyncResult<bigint[], ReadStoreError> {
    const names = await listNames(this.#place)
    return names.ok ? ok([...names.value.ids]) : names
  }

  validateCheckpoint(
    id: bigint,
    options?: ValidateOptions,
  ): ReturnType<CheckpointStore['validateCheckpoint']> {
    return validateFiles(this.#place, id, this.vnodeCount(), options)
  }

  recoverLatestValidated(
    options?: ValidateOptions,
  ): ReturnType<CheckpointStore['recoverLatestValidated']> {
    return recoverLatest(this, this.#parts.clock, options)
  }

  prune(keep: number, options?: CallOptions): AsyncResult<PruneReport, WriteStoreError> {
    if (!Number.isSafeInteger(keep) || keep < 1) {
      const reason = 'at least one checkpoint is kept'
      const details = { argument: 'keep', reason }
      return Promise.resolve(
        err(coreError('INVALID_ARGUMENT', `prune(${keep}): ${reason}`, details)),
      )
    }
    return this.#turns.take(async () => {
      const pruned = await pruneFiles(this.#place, keep, this.#onGone, options)
      if (!pruned.ok) return pruned
      const swept = await this.#sweep()
      if (!swept.ok) this.#parts.onEvent({ kind: 'collect-failed', error: swept.error })
      return pruned
    }, options)
  }

  cleanupOrphans(options?: CallOptions): AsyncResult<number, WriteStoreError> {
    return this.#turns.take(() => this.#sweep(), options)
  }

  async inspect(): AsyncResult<LaminarInspection, ReadStoreError> {
    const names = await listNames(this.#place)
    if (!names.ok) return names
    const pointer = await readPointer(this.#place)
    if (!pointer.ok) return pointer
    const orphans = await findOrphans(this.#place, names.value.ids)
    return orphans.ok
      ? ok({ ...names.value, orphans: orphans.value, pointer: pointer.value })
      : orphans
  }

  close(): Promise<void> {
    this.#closing ??= this.#turns.close().then(() => this.#place.store.close())
    return this.#closing
  }

  readonly #onGone = (id: bigint): void => void this.#removed.add(id)

  async #save(
    manifest: CheckpointManifest,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    const id = manifest.checkpointId
    if (this.#removed.has(id)) return err(taken(id))
    const encoded = encodeManifest(manifest, 'pretty')
    if (!encoded.ok) return encoded
    const key = fileKey(id, 'manifest.json')
    const put = await this.#place.store.put(key, encoded.value, { ...options, if: 'absent' })
    if (!put.ok && put.error.code !== 'CONFLICT') return put
    if (!put.ok && !(await this.#isSame(manifest))) return err(taken(id))
    // Who was displaced while the manifest was written must not believe that it counts.
    const owner = await this.#turns.confirmOwner(options)
    if (!owner.ok) return owner
    this.#seen.set(id, manifestDigest(manifest))
    const pointed = await this.#advance(id, options)
    if (!pointed.ok) return pointed
    const pruned = await this.#retain(options)
    return ok({ created: put.ok, advancedLatest: pointed.value, pruned })
  }

  async #saveState(
    id: bigint,
    chunks: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<void, WriteStoreError> {
    if (this.#removed.has(id)) return err(taken(id))
    const key = fileKey(id, 'state.bin')
    const body = (async function* () {
      yield* chunks
    })()
    const put = await this.#place.store.put(key, body, { ...options, if: 'absent' })
    if (put.ok) return ok()
    if (put.error.code !== 'CONFLICT') return put
    const same = await this.#hasState(key, chunks)
    if (!same.ok) return same
    return same.value ? ok() : err(taken(id))
  }

  /** Moves the pointer on, never back. */
  async #advance(id: bigint, options?: CallOptions): AsyncResult<boolean, WriteStoreError> {
    if (this.#newestId !== undefined && id < this.#newestId) return ok(false)
    this.#newestId = id
    const put = await this.#place.store.put(POINTER_KEY, utf8.encode(directoryName(id)), options)
    return put.ok ? ok(true) : put
  }

  async #retain(options?: CallOptions): Promise<PruneReport> {
    if (this.#parts.maxRetained === 0) return NOTHING_PRUNED
    const { maxRetained } = this.#parts
    const pruned = await pruneFiles(this.#place, maxRetained, this.#onGone, options)
    if (pruned.ok) return pruned.value
    // The checkpoint is saved: that old ones could not be removed does not unsave it.
    this.#parts.onEvent({ kind: 'collect-failed', error: pruned.error })
    return NOTHING_PRUNED
  }

  async #sweep(): AsyncResult<number, ReadStoreError> {
    const { nowMs, orphanMinAgeMs } = this.#parts
    const swept = await sweepFiles(this.#place, nowMs() - orphanMinAgeMs, this.#onGone)
    if (!swept.ok) return swept
    const tidied = await this.#place.store.sweep({ now: nowMs })
    return tidied.ok ? swept : tidied
  }

  async #isSame(manifest: CheckpointManifest): Promise<boolean> {
    const found = await readManifest(this.#place, manifest.checkpointId)
    if (!found.ok || found.value === undefined) return false
    return manifestDigest(found.value.manifest) === manifestDigest(manifest)
  }

  async #hasState(
    key: string,
    chunks: readonly Uint8Array[],
  ): AsyncResult<boolean, ReadStoreError> {
    const blob = await this.#place.store.get(key)
    if (!blob.ok) return blob
    const wanted = sha256Stream()
    for (const chunk of chunks) wanted.update(chunk)
    return attempt(
      async () => {
        const found = sha256Stream()
        for await (const piece of blob.value?.stream() ?? []) found.update(piece)
        return toHex(found.digest()) === toHex(wanted.digest())
      },
      thrownError<ReadStoreError>,
    )
  }
}

function changed(id: bigint): WriteStoreError {
  const message = `checkpoint ${id} was changed since it was read; load it and decide again`
  return coreError('CONFLICT', message, { identifier: String(id), reason: 'changed' })
}

function noRevisions(): WriteStoreError {
  const message = 'manifests in this layout have no revisions; load, then update'
  return coreError('UNSUPPORTED', message, { feature: 'expectedRevision' })
}

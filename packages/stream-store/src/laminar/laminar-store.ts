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
  type CommitLog,
  type Lease,
} from '@tidemark/core'
import { encodeManifest, manifestDigest } from '../manifest/manifest-codec.ts'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { statusOf } from '../native/head.ts'
import { notFound, taken } from '../native/save.ts'
import type { StoreEvent } from '../native/options.ts'
import type {
  CheckpointStore,
  LoadLatestOptions,
  PruneReport,
  SaveOutcome,
  UpdateOptions,
  ValidateOptions,
} from '../store/checkpoint-store.ts'
import { checkpointStore } from '../store/complete-store.ts'
import type { ReadStoreError, WriteStoreError } from '../store/store-errors.ts'
import { NOTHING_PRUNED, planPrune, type Retainable } from '../store/retention.ts'
import { isDamage } from '../store/validate-stored.ts'
import {
  listNames,
  lookInto,
  readManifest,
  readPointer,
  removeCheckpoint,
  type LaminarPlace,
} from './laminar-files.ts'
import { listReadable, loadNewestFile, loadStateFile, validateFiles } from './laminar-reader.ts'
import { directoryName, fileKey, POINTER_KEY } from './names.ts'

/** What a store of the original's layout is made of. */
export interface LaminarParts {
  readonly place: LaminarPlace
  readonly log: CommitLog
  readonly lease: Lease
  readonly vnodeCount: number
  /** 0: never prune by itself, as in the original. */
  readonly maxRetained: number
  readonly orphanMinAgeMs: number
  readonly nowMs: () => number
  readonly onEvent: (event: StoreEvent) => void
}

/** A directory as it is. */
export interface LaminarInspection {
  readonly ids: readonly bigint[]
  /** Directories without a manifest. */
  readonly orphans: readonly bigint[]
  /** Names that are none of ours; they are left alone. */
  readonly foreign: readonly string[]
  readonly pointer: bigint | undefined
}

/** A LaminarDB checkpoint directory, read and written so that LaminarDB reads it. */
export interface LaminarStore extends CheckpointStore, AsyncDisposable {
  /** The directory as it is. Changes nothing. */
  inspect(options?: CallOptions): AsyncResult<LaminarInspection, ReadStoreError>
  /** Lets go of the directory. Safe to repeat. */
  close(): Promise<void>
}

/** Makes a store of its parts. */
export function laminarStore(parts: LaminarParts, ids: readonly bigint[]): LaminarStore {
  const files = new LaminarFiles(parts, ids.at(-1))
  const completed = checkpointStore(files)
  const close = (): Promise<void> => files.close()
  return {
    ...completed,
    inspect: () => files.inspect(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The methods that the layout has of its own; the others follow from them. */
class LaminarFiles {
  readonly #parts: LaminarParts
  readonly #place: LaminarPlace
  #newestId: bigint | undefined
  /** Ids that were taken away here: their names are never given out again. */
  readonly #removed = new Set<bigint>()
  readonly #saving = new Set<bigint>()
  /** The digest of each manifest as it was seen last, for updates. */
  readonly #seen = new Map<bigint, string>()
  #queue: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(parts: LaminarParts, newestId: bigint | undefined) {
    this.#parts = parts
    this.#place = parts.place
    this.#newestId = newestId
  }

  vnodeCount(): number {
    return this.#parts.vnodeCount
  }

  save(
    manifest: CheckpointManifest,
    options?: CallOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    return this.#writing(manifest.checkpointId, options, async () => {
      const id = manifest.checkpointId
      const encoded = encodeManifest(manifest, 'pretty')
      if (!encoded.ok) return encoded
      const key = fileKey(id, 'manifest.json')
      const put = await this.#place.store.put(key, encoded.value, { ...options, if: 'absent' })
      if (!put.ok && put.error.code !== 'CONFLICT') return put
      if (!put.ok && !(await this.#isSame(manifest))) return err(taken(id))
      // Who was displaced while the manifest was written must not believe that it counts.
      const owner = await this.#confirmOwner(options)
      if (!owner.ok) return owner
      this.#seen.set(id, manifestDigest(manifest))
      const pointed = await this.#advance(id, options)
      if (!pointed.ok) return pointed
      const pruned = await this.#retain(options)
      return ok({ created: put.ok, advancedLatest: pointed.value, pruned })
    })
  }

  updateManifest(
    manifest: CheckpointManifest,
    options?: UpdateOptions,
  ): AsyncResult<SaveOutcome, WriteStoreError> {
    return this.#writing(manifest.checkpointId, options, async () => {
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
      const owner = await this.#confirmOwner(options)
      if (!owner.ok) return owner
      this.#seen.set(id, manifestDigest(manifest))
      return ok({ created: false, advancedLatest: false, pruned: NOTHING_PRUNED })
    })
  }

  saveStateData(
    id: bigint,
    chunks: readonly Uint8Array[],
    options?: CallOptions,
  ): AsyncResult<void, WriteStoreError> {
    return this.#writing(id, options, async () => {
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
    })
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
    return loadNewestFile(this.#place, this.#parts.onEvent, options)
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

  prune(keep: number, options?: CallOptions): AsyncResult<PruneReport, WriteStoreError> {
    if (!Number.isSafeInteger(keep) || keep < 1) {
      const reason = 'at least one checkpoint is kept'
      const details = { argument: 'keep', reason }
      return Promise.resolve(
        err(coreError('INVALID_ARGUMENT', `prune(${keep}): ${reason}`, details)),
      )
    }
    return this.#writing(undefined, options, async () => {
      const pruned = await this.#prune(keep, options)
      if (!pruned.ok) return pruned
      const swept = await this.#sweep()
      if (!swept.ok) this.#parts.onEvent({ kind: 'collect-failed', error: swept.error })
      return pruned
    })
  }

  cleanupOrphans(options?: CallOptions): AsyncResult<number, WriteStoreError> {
    return this.#writing(undefined, options, () => this.#sweep())
  }

  async inspect(): AsyncResult<LaminarInspection, ReadStoreError> {
    const names = await listNames(this.#place)
    if (!names.ok) return names
    const pointer = await readPointer(this.#place)
    if (!pointer.ok) return pointer
    const orphans: bigint[] = []
    for (const id of names.value.ids) {
      const facts = await lookInto(this.#place, id)
      if (!facts.ok) return facts
      if (!facts.value.hasManifest) orphans.push(id)
    }
    return ok({ ...names.value, orphans, pointer: pointer.value })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#queue
    await this.#parts.lease.close()
    await this.#place.store.close()
  }

  /** One change at a time, by the owner alone. */
  #writing<T>(
    id: bigint | undefined,
    options: CallOptions | undefined,
    work: () => AsyncResult<T, WriteStoreError>,
  ): AsyncResult<T, WriteStoreError> {
    const turn = this.#queue.then(async () => {
      if (this.#isClosed) return err(closed())
      if (id !== undefined && this.#removed.has(id)) return err(taken(id))
      const owner = await this.#confirmOwner(options)
      if (!owner.ok) return owner
      if (id !== undefined) this.#saving.add(id)
      return work()
    })
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #confirmOwner(options?: CallOptions): AsyncResult<void, WriteStoreError> {
    const { lease, log } = this.#parts
    const newest = await log.latest(options)
    if (!newest.ok) return newest
    const by = newest.value?.epoch
    if (by === lease.epoch) return ok()
    const message = 'another process has taken this directory over; stop writing'
    const details = { what: 'checkpoints', epoch: lease.epoch, ...(by === undefined ? {} : { by }) }
    return err(coreError('FENCED', message, details))
  }

  /** Moves the pointer on, never back. */
  async #advance(id: bigint, options?: CallOptions): AsyncResult<boolean, WriteStoreError> {
    if (this.#newestId !== undefined && id < this.#newestId) return ok(false)
    this.#newestId = id
    const text = new TextEncoder().encode(directoryName(id))
    const put = await this.#place.store.put(POINTER_KEY, text, options)
    return put.ok ? ok(true) : put
  }

  async #retain(options?: CallOptions): Promise<PruneReport> {
    if (this.#parts.maxRetained === 0) return NOTHING_PRUNED
    const pruned = await this.#prune(this.#parts.maxRetained, options)
    if (pruned.ok) return pruned.value
    // The checkpoint is saved: that old ones could not be removed does not unsave it.
    this.#parts.onEvent({ kind: 'collect-failed', error: pruned.error })
    return NOTHING_PRUNED
  }

  async #prune(keep: number, options?: CallOptions): AsyncResult<PruneReport, ReadStoreError> {
    const names = await listNames(this.#place)
    if (!names.ok) return names
    const retainable: Retainable[] = []
    for (const id of names.value.ids) {
      const read = await readManifest(this.#place, id, options)
      if (!read.ok && !isDamage(read.error)) return read
      if (!read.ok) retainable.push({ id, status: 'damaged' })
      else if (read.value !== undefined) {
        const status = statusOf(read.value.manifest)
        if (status !== 'state') retainable.push({ id, status })
      }
    }
    const plan = planPrune(retainable, keep)
    const removed: bigint[] = []
    for (const id of plan.removed) {
      const gone = await removeCheckpoint(this.#place, id)
      if (!gone.ok) return gone
      this.#removed.add(id)
      removed.push(id)
    }
    return ok({ removed, heldBack: plan.heldBack })
  }

  async #sweep(): AsyncResult<number, ReadStoreError> {
    const names = await listNames(this.#place)
    if (!names.ok) return names
    const oldest = this.#parts.nowMs() - this.#parts.orphanMinAgeMs
    let swept = 0
    for (const id of names.value.ids) {
      const facts = await lookInto(this.#place, id)
      if (!facts.ok) return facts
      if (facts.value.hasManifest || facts.value.modifiedMs > oldest) continue
      const gone = await removeCheckpoint(this.#place, id)
      if (!gone.ok) return gone
      this.#removed.add(id)
      swept += 1
    }
    return ok(swept)
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

function closed(): ReadStoreError {
  const details = { what: 'store', reason: 'closed' } as const
  return coreError('CLOSED', 'this store is closed; open it again', details)
}

function changed(id: bigint): WriteStoreError {
  const message = `checkpoint ${id} was changed since it was read; load it and decide again`
  return coreError('CONFLICT', message, { identifier: String(id), reason: 'changed' })
}

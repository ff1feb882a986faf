import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { abortError } from '../blob/gate.ts'
import { blobCommitLog } from '../log/blob-commit-log.ts'
import type { CommitLog, Salvage, Seq } from '../log/commit-log.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import { systemClock, type Clock } from './clock.ts'
import { heartbeatKey, isReleased, look, type Sight } from './heartbeat.ts'
import type { AcquireError, Lease, Predecessor } from './lease.ts'
import { OwnedLog } from './owned-log.ts'
import { decodeOwner, encodeOwner, newOwner, type Owner, type ProcessProbe } from './owner.ts'

/** An owner that shows no sign of life for so long is taken to be gone. */
const STALE_AFTER_MS = 30_000

/** Signs of life in that time: some may be late, and a second owner hears soon of the first. */
const BEATS = 6

/** Options of {@link acquireLease}. */
export interface LeaseOptions extends CallOptions {
  /**
   * `'when-stale'`: only when the owner let go, has ended, or shows no sign of life. `'always'`: at
   * once, whoever holds it; the displaced owner is fenced. Default `'when-stale'`.
   */
  readonly takeover?: 'when-stale' | 'always'
  /** Whether to wait for a live owner to let go, until the signal fires. Default: `LOCKED`. */
  readonly wait?: boolean
  /**
   * How long this owner may be silent before others take it to be gone, in ms. It is written down,
   * so that everybody judges by the same measure. Default 30 000.
   */
  readonly staleAfterMs?: number
  /** What is known of the processes of this machine, so that a dead owner is seen at once. */
  readonly probe?: ProcessProbe
  readonly clock?: Clock
  /** The log to guard, if there is one already. */
  readonly log?: CommitLog
}

/**
 * Acquires the right to append to the log under a prefix.
 *
 * After `ok` every earlier owner is fenced. `LOCKED` names a live owner. While it is watched for a
 * sign of life the call takes up to `staleAfterMs`; an aborted call leaves nothing behind.
 *
 * @example
 * import { acquireLease, MemoryBlobStore, unwrap } from '@tidemark/core'
 *
 * const store = new MemoryBlobStore()
 * const first = unwrap(await acquireLease(store, 'op/'))
 * const second = unwrap(await acquireLease(store, 'op/', { takeover: 'always' }))
 * const late = await first.append(new Uint8Array([1]))
 * late.ok ? '' : late.error.code // => 'FENCED'
 * await second.close()
 */
export async function acquireLease(
  store: BlobStore,
  prefix: string,
  options: LeaseOptions = {},
): AsyncResult<Lease, AcquireError> {
  const log = options.log ?? blobCommitLog(store, prefix)
  const clock = options.clock ?? systemClock
  const staleAfterMs = options.staleAfterMs ?? STALE_AFTER_MS
  const owner = newOwner(options.probe, staleAfterMs)
  const watch = new OwnerWatch(store, prefix, clock, options.probe)
  for (;;) {
    const aborted = abortError(options.signal, 'acquire')
    if (aborted !== undefined) return err(aborted)
    const found = await log.salvage(options)
    if (!found.ok) return found
    let takenOverFrom: Predecessor | undefined
    if (options.takeover !== 'always') {
      const verdict = await watch.judge(log, found.value, options)
      if (!verdict.ok) return verdict
      if (verdict.value === 'undecided' || (verdict.value === 'alive' && options.wait === true)) {
        await clock.sleep(staleAfterMs / 8, options.signal).catch(() => undefined)
        continue
      }
      if (verdict.value === 'alive') return err(watch.locked())
      if (verdict.value === 'gone') takenOverFrom = watch.watched
    }
    const { record, tip, skipped } = found.value
    const payload = encodeOwner(owner, {
      skipped: skipped.map(({ seq }) => seq),
      ...(takenOverFrom === undefined ? {} : { takenOverFrom }),
    })
    const appended = await log.append(tip, payload, { ...options, epoch: 'self' })
    if (appended.ok) {
      const parts = { store, prefix, log, clock, beatMs: staleAfterMs / BEATS }
      const acquired = { owner: appended.value, found: record, takenOverFrom, skipped }
      return ok(await OwnedLog.begin(parts, acquired))
    }
    if (appended.error.code !== 'CONFLICT') return appended
  }
}

/** `released`: it said so, or there never was one. `gone`: it did not. */
type Verdict = 'released' | 'gone' | 'alive' | 'undecided'

/** Watches the owner of a log for signs of life, by this process's own clock. */
class OwnerWatch {
  readonly #store: BlobStore
  readonly #prefix: string
  readonly #clock: Clock
  readonly #probe: ProcessProbe | undefined
  #epoch: Seq = 0
  #owner: Owner | undefined
  #sight: Sight | undefined
  #sinceMs = 0

  constructor(store: BlobStore, prefix: string, clock: Clock, probe: ProcessProbe | undefined) {
    this.#store = store
    this.#prefix = prefix
    this.#clock = clock
    this.#probe = probe
  }

  /** Whom it watches. */
  get watched(): Predecessor {
    return { label: this.#owner?.label ?? 'an unknown process', epoch: this.#epoch }
  }

  /** What is known by now of the owner of the newest record. */
  async judge(
    log: CommitLog,
    { record, skipped }: Salvage,
    options: CallOptions,
  ): AsyncResult<Verdict, AcquireError> {
    // A damaged record may have been an owner's: its number is the only epoch it can have had.
    const epoch = skipped[0]?.seq ?? record?.epoch ?? 0
    if (epoch === 0) return ok('released')
    const isNew = epoch !== this.#epoch
    if (isNew) {
      const owner = await log.read(epoch, options)
      if (!owner.ok && owner.error.code !== 'CORRUPTED') return owner
      this.#owner = decodeOwner(owner.ok ? (owner.value?.payload ?? EMPTY) : EMPTY)
      this.#epoch = epoch
    }
    const sight = await look(this.#store, heartbeatKey(this.#prefix, epoch), options)
    if (!sight.ok) return sight
    if (isReleased(sight.value)) return ok('released')
    const process = this.#owner?.process
    if (process !== undefined && this.#probe?.isGone(process) === true) return ok('gone')
    const now = this.#clock.nowMs()
    if (isNew || this.#sight === undefined) {
      this.#sight = sight.value
      this.#sinceMs = now
      return ok('undecided')
    }
    if (sight.value !== this.#sight) {
      this.#sight = sight.value
      this.#sinceMs = now
      return ok('alive')
    }
    const silentMs = now - this.#sinceMs
    return ok(silentMs >= (this.#owner?.staleAfterMs ?? 0) ? 'gone' : 'undecided')
  }

  locked(): CoreError<'LOCKED'> {
    const { label: owner, epoch } = this.watched
    const what = this.#prefix
    const message = `${what} is held by ${owner}, which is alive; wait for it, stop it, or take over`
    return coreError('LOCKED', message, { what, owner, epoch })
  }
}

const EMPTY = new Uint8Array()

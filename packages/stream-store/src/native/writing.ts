import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CommitLog,
} from '@tidemark/core'
import type { Integer } from '../manifest/create-manifest.ts'
import { nextTurn } from '../state/turn.ts'
import type { CheckpointRef, PruneReport } from '../store/checkpoint-store.ts'
import type { ReadStoreError, WriteStoreError } from '../store/store-errors.ts'
import type { Attempts } from './attempts.ts'
import {
  deleteAll,
  listBlobs,
  namedBlobs,
  orphansAmong,
  type Collector,
  type CollectReport,
} from './collector.ts'
import { withoutEntries, type Entry, type Head } from './head.ts'
import { readSegment } from './history.ts'
import type { Ledger } from './ledger.ts'
import type { StoreEvent } from './options.ts'
import { planPruning } from './prune.ts'
import type { SavePolicy } from './save.ts'
import { blobKey } from './view.ts'

/** What writing needs. */
export interface WritingParts {
  readonly ledger: Ledger
  readonly attempts: Attempts
  readonly collector: Collector
  readonly policy: SavePolicy
  readonly orphanMinAgeMs: number
  readonly onEvent: (event: StoreEvent) => void
}

/** The half of a store that its one writer has. */
export class Writing {
  readonly ledger: Ledger
  readonly attempts: Attempts
  readonly policy: SavePolicy
  readonly #parts: WritingParts
  #nextId = 1n
  #nextEpoch = 1n
  #collecting: Promise<unknown> | undefined

  constructor(parts: WritingParts) {
    this.#parts = parts
    this.ledger = parts.ledger
    this.attempts = parts.attempts
    this.policy = parts.policy
  }

  /** Ids for one attempt. Given out once, also when the attempt is given up. */
  nextIds(id: Integer | undefined, epoch: Integer | undefined): CheckpointRef {
    const { head } = this.ledger
    const checkpointId = id === undefined ? max(this.#nextId, head.nextId) : BigInt(id)
    const chosenEpoch = epoch === undefined ? max(this.#nextEpoch, head.nextEpoch) : BigInt(epoch)
    this.#nextId = max(this.#nextId, checkpointId + 1n)
    this.#nextEpoch = max(this.#nextEpoch, chosenEpoch + 1n)
    return { checkpointId, epoch: chosenEpoch }
  }

  /** See `CheckpointStore.prune`. */
  async prune(keep: number, options?: CallOptions): AsyncResult<PruneReport, WriteStoreError> {
    if (!Number.isSafeInteger(keep) || keep < 1) return err(notAnAmount(keep))
    const { view, nowMs } = this.policy
    const pruned = await this.ledger.change(
      (head, seq) => planPruning(view, head, seq, keep, nowMs(), options),
      options,
    )
    if (!pruned.ok) return pruned
    const swept = await this.cleanupOrphans(options)
    if (!swept.ok) this.#parts.onEvent({ kind: 'collect-failed', error: swept.error })
    return pruned
  }

  /** See `CheckpointStore.cleanupOrphans`: state past its age, and blobs that nothing names. */
  async cleanupOrphans(options?: CallOptions): AsyncResult<number, WriteStoreError> {
    const oldest = this.policy.nowMs() - this.#parts.orphanMinAgeMs
    const isOrphan = ({ status, createdMs }: Entry): boolean =>
      status === 'state' && createdMs <= oldest
    const dropped = await this.ledger.change((head) => {
      const gone = head.entries.filter(isOrphan)
      if (gone.length === 0) return ok({ value: 0 })
      return ok({ head: withoutEntries(head, gone, this.policy.nowMs()), value: gone.length })
    }, options)
    if (!dropped.ok) return dropped
    const { store, log } = this.policy.view
    const listed = await listBlobs(store, options)
    if (!listed.ok) return listed
    // In turn with the saves: what a save is about to name is neither active nor named in between.
    const orphans = await this.ledger.change(async (head) => {
      const named = await namesIn(log, head, options)
      if (!named.ok) return named
      const owner = { epoch: this.ledger.epoch, active: this.attempts.active }
      return ok({ value: orphansAmong(listed.value, named.value, owner) })
    }, options)
    if (!orphans.ok) return orphans
    const swept = await deleteAll(store, orphans.value.map(blobKey), options)
    if (!swept.ok) return swept
    // What crashed puts left of themselves is no blob, and only the medium knows of it.
    const { nowMs } = this.policy
    const tidied = (await store.sweep?.({ ...options, now: nowMs })) ?? ok()
    return tidied.ok ? ok(dropped.value + swept.value) : tidied
  }

  /** See `StreamStore.collect`. */
  collect(options?: CallOptions): AsyncResult<CollectReport, ReadStoreError> {
    return this.#parts.collector.collect(this.ledger.head, this.policy.nowMs(), options)
  }

  /** Collects beside the saves, one collection at a time; a failure is told, and tried again. */
  collectSoon(): void {
    const isDue = this.#parts.collector.isDue(this.ledger.head, this.policy.nowMs())
    if (!isDue || this.#collecting !== undefined) return
    this.#collecting = this.#collectAndTell()
  }

  async #collectAndTell(): Promise<void> {
    // Taking a large file away holds the event loop up: the save has its answer first.
    await nextTurn()
    const done = await this.collect()
    this.#collecting = undefined
    if (!done.ok) this.#parts.onEvent({ kind: 'collect-failed', error: done.error })
  }

  async close(): Promise<void> {
    await this.#collecting
    await this.ledger.close()
  }
}

async function namesIn(
  log: CommitLog,
  head: Head,
  options?: CallOptions,
): AsyncResult<Set<string>, ReadStoreError> {
  const named = namedBlobs(head.entries, head.garbage)
  for (const ref of head.segments) {
    const entries = await readSegment(log, ref, options)
    if (!entries.ok) return entries
    for (const name of namedBlobs(entries.value, [])) named.add(name)
  }
  return ok(named)
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function notAnAmount(keep: number): WriteStoreError {
  const reason = 'at least one checkpoint is kept'
  return coreError('INVALID_ARGUMENT', `prune(${keep}): ${reason}`, { argument: 'keep', reason })
}

import {
  acquireLease,
  blobCommitLog,
  coreError,
  err,
  ok,
  Pins,
  randomBytes,
  systemClock,
  toHex,
  type AsyncResult,
  type Clock,
  type CommitLog,
  type Lease,
} from '@tidemark/core'
import { DEFAULT_VNODE_COUNT } from '../manifest/manifest.ts'
import type { ReadStoreError, WriteStoreError } from '../store/store-errors.ts'
import { Attempts } from './attempts.ts'
import { Collector } from './collector.ts'
import { MAX_SKIPPED, newHead, type Head } from './head.ts'
import { findGap, findHead, headFinder, lost, type Found } from './history.ts'
import { Ledger } from './ledger.ts'
import { NativeStore } from './native-store.ts'
import { GRACE_MS, KEEP, MAX_KEEP, ORPHAN_MIN_AGE_MS, type StreamStoreOptions } from './options.ts'
import type { StreamStore } from './stream-store.ts'
import { gatherNear, planPruning } from './prune.ts'
import type { View } from './view.ts'
import { Writing } from './writing.ts'

/** The log of a store, below its part of the medium. */
const LOG = 'log/'

/**
 * A store is always taken over at once, so signs of life are for people who look. One in ten minutes
 * costs nothing on any medium.
 */
const STALE_AFTER_MS = 3_600_000

/**
 * Opens a store on a medium, for writing unless said otherwise. A store that is not there is made by
 * the first save.
 *
 * After `ok` for writing, every earlier writer is `FENCED` at its next write. `HEAD_LOST`: there is
 * a history and none of it can be read; nothing was changed. `UNSUPPORTED_VERSION`: written by a
 * newer version.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { openStreamStore } from '@tidemark/stream-store'
 *
 * const medium = new MemoryBlobStore()
 * const first = unwrap(await openStreamStore({ store: medium }))
 * const second = unwrap(await openStreamStore({ store: medium }))
 * const late = await unwrap(first.begin()).commit()
 * late.ok ? '' : late.error.code // => 'FENCED'
 * await second.close()
 */
export async function openStreamStore(
  options: StreamStoreOptions,
): AsyncResult<StreamStore, WriteStoreError> {
  const refused = keepError(options.keep ?? KEEP)
  if (refused !== undefined) return err(refused)
  const { store } = options
  const log = blobCommitLog(store, LOG, options.log)
  const find = headFinder(log)
  const before = await find(options)
  if (!before.ok) return before
  const gap = await findGap(log, before.value, options)
  if (!gap.ok) return gap
  if (gap.value !== undefined) return err(lost('missing', gap.value))
  const pins = store.supports.pins ? new Pins(store, clockOf(options)) : undefined
  const common = {
    store,
    log,
    pins,
    vnodeCount: options.vnodeCount ?? DEFAULT_VNODE_COUNT,
    clock: options.clock ?? systemClock,
    onEvent: options.onEvent ?? (() => undefined),
    release: options.closeMedium === true ? () => store.close() : undefined,
  }
  if (options.mode === 'read') {
    const view: View = { store, log, current: find }
    return ok(new NativeStore({ ...common, view, writing: undefined }))
  }
  if (isLost(before.value) && options.onLostHistory !== 'begin-anew') {
    return err(lost('damaged', before.value.damaged[0]?.seq))
  }
  const writing = await openWriting(log, options, { ...common })
  return writing.ok ? ok(new NativeStore({ ...common, ...writing.value })) : writing
}

async function openWriting(
  log: CommitLog,
  options: StreamStoreOptions,
  common: {
    readonly pins: Pins | undefined
    readonly onEvent: NonNullable<StreamStoreOptions['onEvent']>
  },
): AsyncResult<{ readonly view: View; readonly writing: Writing }, WriteStoreError> {
  const { store } = options
  const lease = await acquire(log, options)
  if (!lease.ok) return lease
  const found = await findHead(log, options)
  if (!found.ok) {
    await lease.value.close()
    return found
  }
  const nowMs = options.nowMs ?? Date.now
  const collector = new Collector(store, common.pins, options.graceMs ?? GRACE_MS)
  const head = found.value.head ?? newHead(toHex(randomBytes(16)))
  const parts = {
    store,
    log,
    lease: lease.value,
    collector,
    spills: (options.keep ?? KEEP) === Infinity,
    afterChange: () => writing.collectSoon(),
  }
  const ledger: Ledger = new Ledger(parts, { ...found.value, head })
  const view: View = { store, log, current: async () => ok(ledger.found) }
  const writing: Writing = new Writing({
    ledger,
    attempts: new Attempts(store, lease.value.epoch),
    collector,
    policy: { view, keep: options.keep ?? KEEP, nowMs },
    orphanMinAgeMs: options.orphanMinAgeMs ?? ORPHAN_MIN_AGE_MS,
    onEvent: common.onEvent,
  })
  const settled = await settleIn(ledger, found.value, lease.value.epoch)
  const limited = settled.ok ? await applyLimit(writing, options) : settled
  if (limited.ok) return ok({ view, writing })
  await writing.close()
  return limited
}

async function acquire(
  log: CommitLog,
  options: StreamStoreOptions,
): AsyncResult<Lease, WriteStoreError> {
  const acquired = await acquireLease(options.store, LOG, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...clockOf(options),
    takeover: 'always',
    staleAfterMs: STALE_AFTER_MS,
    log,
  })
  if (acquired.ok) return acquired
  const { error } = acquired
  if (error.code !== 'LOCKED') return err(error)
  throw new TypeError('a lease that is always taken over is never locked', { cause: error })
}

/**
 * Writes the head anew when it lies behind other owners' records, so that it is always near; or
 * behind damaged ones, which then have a place where they are named, and whose ids are passed over.
 */
async function settleIn(
  ledger: Ledger,
  { head, seq, damaged }: Found,
  epoch: number,
): AsyncResult<void, WriteStoreError> {
  const isNear = seq === epoch - 1 || (head === undefined && damaged.length === 0)
  if (isNear) return ok()
  return ledger.change((current) => {
    const skipped = [...current.skipped, ...damaged.map((record) => record.seq).toReversed()]
    const passed = BigInt(damaged.length)
    const settled: Head = {
      ...current,
      nextId: current.nextId + passed,
      nextEpoch: current.nextEpoch + passed,
      skipped: skipped.slice(-MAX_SKIPPED),
    }
    return ok({ head: settled, value: undefined })
  })
}

/** A store that kept everything and now has a limit: what retention counts is near from now on. */
async function applyLimit(
  writing: Writing,
  options: StreamStoreOptions,
): AsyncResult<void, WriteStoreError> {
  const keep = options.keep ?? KEEP
  const hasFar = writing.ledger.head.segments.length > 0
  if (keep === Infinity || !hasFar) return ok()
  const { view, nowMs } = writing.policy
  return writing.ledger.change(async (head, seq) => {
    const near = await gatherNear(view, head, options)
    if (!near.ok) return near
    const plan = await planPruning(view, near.value, seq, keep, nowMs(), options)
    if (!plan.ok) return plan
    const after = 'head' in plan.value ? plan.value.head : near.value
    return ok({ head: after, value: undefined })
  }, options)
}

function isLost({ head, damaged }: Found): boolean {
  return head === undefined && damaged.length > 0
}

function clockOf({ clock }: StreamStoreOptions): { clock: Clock } {
  return { clock: clock ?? systemClock }
}

function keepError(keep: number): ReadStoreError | undefined {
  if (keep === Infinity || (Number.isSafeInteger(keep) && keep >= 1 && keep <= MAX_KEEP)) {
    return undefined
  }
  const reason = `an integer from 1 to ${MAX_KEEP}, or Infinity`
  return coreError('INVALID_ARGUMENT', `keep: ${reason}`, { argument: 'keep', reason })
}

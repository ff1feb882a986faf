import {
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CommitLog,
  type LogReadError,
  type LogRecord,
} from '@tidemark/core'
import { streamError, type ReadStoreError } from '../store/store-errors.ts'
import type { Fault } from '../manifest/validate-manifest.ts'
import { faultOf } from '../store/validate-stored.ts'
import type { SkippedCheckpoint } from '../store/checkpoint-store.ts'
import type { Entry, Head, SegmentRef } from './head.ts'
import { decodeContent, decodeHead, isStoreRecord, type RecordContent } from './record.ts'

/** What a log says of its store. */
export interface Found {
  /** `undefined`: a store in which nothing was ever saved. */
  readonly head: Head | undefined
  /** The record that holds it; 0 without. */
  readonly seq: number
  /** Damaged records newer than that, newest first. */
  readonly damaged: readonly DamagedRecord[]
}

/** A record that cannot be read. */
export interface DamagedRecord {
  readonly seq: number
  readonly fault: Fault
  readonly reason: string
}

/** The log was truncated while it was read; nobody does that so often. */
const MAX_ROUNDS = 20

/** Finds the newest head: the newest record that is neither damaged nor an owner's. */
export async function findHead(
  log: CommitLog,
  options?: CallOptions,
): AsyncResult<Found, ReadStoreError> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const saved = await log.salvage(options)
    if (!saved.ok) return saved
    const { record, skipped } = saved.value
    // What a newer version wrote is not damaged: to step over it would be to lose it.
    const newer = skipped.find(({ error }) => error.code === 'UNSUPPORTED_VERSION')
    if (newer !== undefined) return err(newer.error)
    const damaged = skipped.map(({ seq, error }) => damageOf(seq, error))
    if (record === undefined) return ok({ head: undefined, seq: 0, damaged })
    const found = await walkBack(log, record, damaged, options)
    if (!found.ok) return found
    if (found.value !== undefined) return ok(found.value)
  }
  return err(lost('missing'))
}

/**
 * Finds the newest head again and again: one that was found is not read twice, while it is still
 * the newest.
 */
export function headFinder(
  log: CommitLog,
): (options?: CallOptions) => AsyncResult<Found, ReadStoreError> {
  let known: { readonly digest: string; readonly found: Found } | undefined
  return async (options) => {
    const latest = await log.latest(options)
    // Damaged, or nothing: that is looked into every time.
    if (!latest.ok || latest.value === undefined) return findHead(log, options)
    const { digest } = latest.value
    if (known?.digest === digest) return ok(known.found)
    const found = await findHead(log, options)
    if (found.ok && found.value.damaged.length === 0) known = { digest, found: found.value }
    return found
  }
}

/** So many numbers behind the newest are looked at when a store is opened. */
const LOOK_BEHIND = 2

/**
 * Whether records lie behind the one that counts as the newest. The log looks for the newest by
 * halving, so a record that somebody took away may end it there: what is behind the gap would be
 * lost without a word.
 */
export async function findGap(
  log: CommitLog,
  { damaged }: Found,
  options?: CallOptions,
): AsyncResult<number | undefined, ReadStoreError> {
  // What is damaged at the end was found there, and told.
  if (damaged.length > 0) return ok(undefined)
  const newestSeq = async (): Promise<number | undefined> => {
    const latest = await log.latest(options)
    return latest.ok ? (latest.value?.seq ?? 0) : undefined
  }
  const newest = await newestSeq()
  if (newest === undefined) return ok(undefined)
  for (let seq = newest + 2; seq < newest + 2 + LOOK_BEHIND; seq += 1) {
    const behind = await log.read(seq, options)
    if (!behind.ok && !isDamaged(behind.error)) return behind
    if (behind.ok && behind.value === undefined) continue
    // Perhaps it was appended since, and so was the one between.
    return ok((await newestSeq()) === newest ? newest + 1 : undefined)
  }
  return ok(undefined)
}

/** From a record to the newest head at or before it; `undefined`: it was truncated meanwhile. */
export async function walkBack(
  log: CommitLog,
  newest: LogRecord,
  known: readonly DamagedRecord[],
  options?: CallOptions,
): AsyncResult<Found | undefined, ReadStoreError> {
  const damaged = [...known]
  let record: LogRecord | undefined = newest
  for (let seq = newest.seq; seq > 0; seq--) {
    if (seq !== newest.seq) {
      const read = await log.read(seq, options)
      if (!read.ok && !isDamaged(read.error)) return read
      if (!read.ok) {
        damaged.push(damageOf(seq, read.error))
        continue
      }
      record = read.value
    }
    if (record === undefined) return ok(undefined)
    if (!isStoreRecord(record.payload)) continue
    const head = decodeHead(record.payload, seq)
    if (head.ok) return ok({ head: head.value, seq, damaged })
    if (head.error.code === 'UNSUPPORTED_VERSION') return head
    damaged.push(damageOf(seq, head.error))
  }
  return ok({ head: undefined, seq: 0, damaged })
}

/** What the record of a number holds beside the head; `undefined` when it is gone. */
export async function readRecord(
  log: CommitLog,
  seq: number,
  options?: CallOptions,
): AsyncResult<RecordContent | undefined, ReadStoreError> {
  const read = await log.read(seq, options)
  if (!read.ok || read.value === undefined) return read.ok ? ok(undefined) : read
  return decodeContent(read.value.payload, seq)
}

/** The entries of a segment, ids ascending. */
export async function readSegment(
  log: CommitLog,
  segment: SegmentRef,
  options?: CallOptions,
): AsyncResult<readonly Entry[], ReadStoreError> {
  const record = await readRecord(log, segment.seq, options)
  if (!record.ok) return record
  const entries = record.value?.body.segment ?? []
  return entries.length === segment.count ? ok(entries) : err(lost('damaged', segment.seq))
}

/** Damaged records as recovery reports them. */
export function asSkipped(damaged: readonly DamagedRecord[]): SkippedCheckpoint[] {
  return damaged.map((record) => ({ checkpointId: undefined, ...record }))
}

/** The error for a history that is not there although it must be. */
export function lost(reason: 'missing' | 'damaged', seq?: number): ReadStoreError {
  const message =
    reason === 'missing'
      ? 'the history of this store is missing; restore it from a copy'
      : 'the history of this store is damaged; restore it from a copy'
  return streamError('HEAD_LOST', message, seq === undefined ? { reason } : { reason, seq })
}

function damageOf(seq: number, error: ReadStoreError): DamagedRecord {
  return { seq, fault: faultOf(error), reason: error.message }
}

function isDamaged(error: LogReadError): boolean {
  return error.code === 'CORRUPTED' || error.code === 'UNSUPPORTED_VERSION'
}

import type { CheckpointManifest } from '../manifest/manifest.ts'

/**
 * What a store knows of itself. Every record that changes a store holds the whole of it, so the
 * newest record alone says what is live; nothing is ever replayed.
 */
export interface Head {
  /** 32 hex digits, drawn when the store was made: what belongs to a store that was wiped is told. */
  readonly storeId: string
  /** The next id and epoch to give out: above all that were ever used. */
  readonly nextId: bigint
  readonly nextEpoch: bigint
  /** The newest checkpoints, ids ascending; and older ones whose sinks are not settled. */
  readonly entries: readonly Entry[]
  /** The older ones, in records of their own, oldest first. */
  readonly segments: readonly SegmentRef[]
  /** Blobs that nothing names any more and that are not deleted yet. */
  readonly garbage: readonly Garbage[]
  /** Damaged records that were stepped over, ascending. */
  readonly skipped: readonly number[]
}

/** One checkpoint as the head knows it. */
export interface Entry {
  readonly id: bigint
  readonly epoch: bigint
  readonly status: EntryStatus
  /** The record that holds its manifest and the places of its state: its revision. */
  readonly seq: number
  /** The blobs of its state, by name. */
  readonly blobs: readonly string[]
  /** Bytes of state. */
  readonly bytes: number
  readonly createdMs: number
}

/**
 * `'state'`: binary state that waits for its manifest. Otherwise what the sinks did: one is pending
 * (`undecided`), one failed (`unsettled`), or all are done (`committed`).
 */
export type EntryStatus = 'state' | 'undecided' | 'unsettled' | 'committed'

/** A run of older checkpoints: all committed, written down in the record `seq`. */
export interface SegmentRef {
  readonly seq: number
  readonly firstId: bigint
  readonly lastId: bigint
  readonly count: number
  /** The lowest record that one of them lives in. */
  readonly lowestSeq: number
}

/** Blobs to delete, no sooner than the grace after they were given up. */
export interface Garbage {
  readonly blobs: readonly string[]
  readonly sinceMs: number
  /** Who reads the checkpoint they belonged to has this pinned. */
  readonly id: bigint
}

/** More entries than this, and the oldest settled ones move to a segment. */
export const MAX_WINDOW = 256

/** So many move at once. */
export const SEGMENT_ENTRIES = 128

/** Damage older than this many cases is history. */
export const MAX_SKIPPED = 64

/** The head of a new store. */
export function newHead(storeId: string): Head {
  return {
    storeId,
    nextId: 1n,
    nextEpoch: 1n,
    entries: [],
    segments: [],
    garbage: [],
    skipped: [],
  }
}

/** How many checkpoints there are, state without a manifest aside. */
export function countCheckpoints(head: Head): number {
  const spilled = head.segments.reduce((sum, { count }) => sum + count, 0)
  return spilled + head.entries.filter(isCheckpoint).length
}

/** Whether an entry has a manifest. */
export function isCheckpoint(entry: Entry): boolean {
  return entry.status !== 'state'
}

/** What the statuses of the sinks make of a checkpoint. */
export function statusOf(manifest: CheckpointManifest): EntryStatus {
  const statuses = [...manifest.sinkCommitStatuses.values()]
  if (statuses.includes('pending')) return 'undecided'
  return statuses.every((status) => status === 'committed') ? 'committed' : 'unsettled'
}

/** The head with an entry in its place. Ids and epochs that were used are never given out again. */
export function withEntry(head: Head, entry: Entry): Head {
  const others = head.entries.filter(({ id }) => id !== entry.id)
  const entries = [...others, entry].sort((a, b) => (a.id < b.id ? -1 : 1))
  return {
    ...head,
    entries,
    nextId: entry.id >= head.nextId ? entry.id + 1n : head.nextId,
    nextEpoch: entry.epoch >= head.nextEpoch ? entry.epoch + 1n : head.nextEpoch,
  }
}

/** The head without some entries; their blobs are garbage from now on. */
export function withoutEntries(head: Head, gone: readonly Entry[], nowMs: number): Head {
  const ids = new Set(gone.map(({ id }) => id))
  const garbage = gone
    .filter(({ blobs }) => blobs.length > 0)
    .map(({ id, blobs }) => ({ id, blobs, sinceMs: nowMs }))
  return {
    ...head,
    entries: head.entries.filter(({ id }) => !ids.has(id)),
    garbage: [...head.garbage, ...garbage],
  }
}

/** Moves the oldest settled entries to a segment when there are too many to carry along. */
export function spill(head: Head, seq: number): { head: Head; segment: readonly Entry[] } {
  if (head.entries.length <= MAX_WINDOW) return { head, segment: [] }
  // Segments follow each other in the order of ids; a late low id stays near.
  const after = head.segments.at(-1)?.lastId ?? -1n
  const segment = head.entries
    .filter(({ id, status }) => status === 'committed' && id > after)
    .slice(0, SEGMENT_ENTRIES)
  if (segment.length < SEGMENT_ENTRIES) return { head, segment: [] }
  const spilled = new Set(segment)
  const entries = head.entries.filter((entry) => !spilled.has(entry))
  return { head: withSegment({ ...head, entries }, segment, seq), segment }
}

/** The head with one more segment, in the order of ids. */
export function withSegment(head: Head, segment: readonly Entry[], seq: number): Head {
  const [first] = segment
  const last = segment.at(-1)
  if (first === undefined || last === undefined) return head
  const ref = {
    seq,
    firstId: first.id,
    lastId: last.id,
    count: segment.length,
    lowestSeq: segment.reduce((lowest, entry) => Math.min(lowest, entry.seq), seq),
  }
  const segments = [...head.segments, ref].sort((a, b) => (a.firstId < b.firstId ? -1 : 1))
  return { ...head, segments }
}

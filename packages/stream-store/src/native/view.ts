import {
  coreError,
  err,
  ok,
  unwrap,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type CommitLog,
} from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import { MISSING } from '../store/validate-stored.ts'
import { isCheckpoint, type Entry, type Head, type SegmentRef } from './head.ts'
import { readRecord, readSegment, type Found } from './history.ts'
import type { RecordContent } from './record.ts'

/** Where blobs lie. */
export function blobKey(name: string): string {
  return `blob/${name}`
}

/** An entry with what its record says. */
export interface Stored {
  readonly entry: Entry
  readonly record: RecordContent
}

/** What reading needs: the log, the medium, and the newest head. */
export interface View {
  readonly store: BlobStore
  readonly log: CommitLog
  current(options?: CallOptions): AsyncResult<Found, ReadStoreError>
}

/** The entry of an id, wherever it is. */
export async function findEntry(
  log: CommitLog,
  head: Head,
  id: bigint,
  options?: CallOptions,
): AsyncResult<Entry | undefined, ReadStoreError> {
  const near = head.entries.find((entry) => entry.id === id)
  if (near !== undefined) return ok(near)
  for (const segment of head.segments.filter((ref) => ref.firstId <= id && id <= ref.lastId)) {
    const entries = await readSegment(log, segment, options)
    if (!entries.ok) return entries
    const far = entries.value.find((entry) => entry.id === id)
    if (far !== undefined) return ok(far)
  }
  return ok(undefined)
}

/** What is stored under an id; `undefined` when nothing is. */
export async function findStored(
  view: View,
  id: bigint,
  options?: CallOptions,
): AsyncResult<Stored | undefined, ReadStoreError> {
  const found = await view.current(options)
  if (!found.ok) return found
  const { head } = found.value
  if (head === undefined) return ok(undefined)
  const entry = await findEntry(view.log, head, id, options)
  if (!entry.ok || entry.value === undefined) return entry.ok ? ok(undefined) : entry
  return readEntry(view, entry.value, options)
}

/** The record of an entry; `undefined` when it was pruned meanwhile. */
export async function readEntry(
  view: View,
  entry: Entry,
  options?: CallOptions,
): AsyncResult<Stored | undefined, ReadStoreError> {
  const record = await readRecord(view.log, entry.seq, options)
  if (!record.ok) return record
  if (record.value !== undefined) return ok({ entry, record: record.value })
  return (await isGone(view, entry.id, options)) ? ok(undefined) : err(goneRecord(entry))
}

/** Whether the newest head no longer knows an id: what is missing then is not damaged. */
export async function isGone(view: View, id: bigint, options?: CallOptions): Promise<boolean> {
  const found = await view.current(options)
  if (!found.ok || found.value.head === undefined) return false
  const entry = await findEntry(view.log, found.value.head, id, options)
  return entry.ok && entry.value === undefined
}

/** The manifest of what is stored, held against the id that it is stored under. */
export async function loadManifest(
  view: View,
  id: bigint,
  options?: CallOptions,
): AsyncResult<CheckpointManifest | undefined, ReadStoreError> {
  const stored = await findStored(view, id, options)
  if (!stored.ok || stored.value === undefined) return stored.ok ? ok(undefined) : stored
  const { manifest } = stored.value.record.body
  if (manifest === undefined) return ok(undefined)
  return manifest.checkpointId === id ? ok(manifest) : err(mistaken(id, manifest.checkpointId))
}

/** The checkpoints there are, newest first; segments are read when the walk gets there. */
export async function* newestFirst(
  head: Head,
  readFar: (segment: SegmentRef) => AsyncResult<readonly Entry[], ReadStoreError>,
): AsyncGenerator<Entry, void> {
  const refs = [...head.segments]
  let far: Entry[] = []
  const newestFar = (): bigint => far.at(-1)?.id ?? refs.at(-1)?.lastId ?? -1n
  const popFar = async (): Promise<Entry[]> => {
    const ref = far.length === 0 ? refs.pop() : undefined
    if (ref !== undefined) far = [...unwrap(await readFar(ref))]
    return far.splice(-1)
  }
  // One whose sinks are unsettled stays near, however old it is.
  for (const entry of head.entries.toReversed().filter(isCheckpoint)) {
    while (newestFar() > entry.id) yield* await popFar()
    yield entry
  }
  while (newestFar() >= 0n) yield* await popFar()
}

/** The head names it and nobody gave it up: that costs this checkpoint, not the store. */
function goneRecord({ id, seq }: Entry): ReadStoreError {
  const message = `checkpoint ${id} is damaged: its record ${seq} is missing`
  const details = { what: 'record', reason: MISSING, seq, identifier: String(id) }
  return coreError('CORRUPTED', message, details)
}

function mistaken(id: bigint, found: bigint): ReadStoreError {
  const reason = `it is the manifest of checkpoint ${found}`
  const message = `checkpoint ${id} is damaged: ${reason}`
  return coreError('CORRUPTED', message, { what: 'manifest', reason, identifier: String(id) })
}

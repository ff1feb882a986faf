import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import type { CommitLog, LogRecord } from '../log/commit-log.ts'
import type { Pins } from '../pins/pins.ts'
import { attempt, ok, type AsyncResult } from '../result/result.ts'
import { thrownError } from '../result/thrown.ts'
import { pinName, stagedFor } from './keys.ts'
import { decodeManifest } from './manifest.ts'
import { isCheckpoint, REMOVAL } from './newest.ts'
import type { GcError, GcOptions, GcReport } from './storage.ts'

/** What collecting one identifier works with. */
export interface Collection {
  readonly store: BlobStore
  readonly log: CommitLog
  readonly encoded: string
  readonly keepLast: number
  readonly pins: Pins | undefined
  /** Everything there is, with a report; or only what one more round of commits left behind. */
  readonly thorough: boolean
}

/** The records of an identifier, divided by what retention keeps. */
interface Division {
  readonly before: number
  readonly newest: LogRecord | undefined
  readonly given: GcReport['generations']
  /** Blobs that records to be kept name. */
  readonly named: ReadonlySet<string>
  /** Numbers of damaged records: what they named is not known, so it is kept. */
  readonly unknown: ReadonlySet<number>
}

const NOTHING: GcReport = { generations: [], blobs: [] }

/**
 * Gives up what retention no longer keeps of one identifier: first the floor, then who still reads
 * is asked, then blobs are deleted. A damaged newest record stops it: nothing is given up.
 */
export async function collect(
  collection: Collection,
  options: GcOptions = {},
): AsyncResult<GcReport, GcError> {
  const divided = await divide(collection, options)
  if (!divided.ok) return divided.error.kind === 'corrupt' ? ok(NOTHING) : divided
  const division = divided.value
  if (options.dryRun !== true && division.newest !== undefined) {
    const { log, thorough } = collection
    const truncated = await log.truncate(division.before, { ...options, force: true })
    if (!truncated.ok) return truncated
    const swept = thorough ? await log.sweep(options) : ok()
    if (!swept.ok) return swept
  }
  const blobs = await collectBlobs(collection, division, options)
  return blobs.ok ? ok({ generations: division.given, blobs: blobs.value }) : blobs
}

async function divide(
  { log, keepLast, thorough }: Collection,
  options: CallOptions,
): AsyncResult<Division, GcError> {
  const latest = await log.latest(options)
  if (!latest.ok) return latest
  const newest = latest.value
  const last = newest?.seq ?? 0
  const isLive = newest !== undefined && isCheckpoint(newest)
  const before = Math.max(1, isLive ? last - keepLast + 1 : last)
  const given: { identifier: string; generation: number }[] = []
  const named = new Set<string>()
  const unknown = new Set<number>()
  return attempt(
    async () => {
      const onDamage = ({ seq }: { seq: number }): void => void unknown.add(seq)
      const after = thorough ? 0 : before - 1
      for await (const record of log.records({ ...options, after, onDamage })) {
        if (!isCheckpoint(record)) continue
        const manifest = decodeManifest(record.payload, undefined)
        if (!manifest.ok) unknown.add(record.seq)
        else if (record.seq < before) {
          given.push({ identifier: manifest.value.identifier, generation: record.seq })
        } else {
          for (const { at } of manifest.value.entries) if ('blob' in at) named.add(at.blob)
        }
      }
      return { before, newest, given, named, unknown }
    },
    thrownError<GcError>,
  )
}

async function collectBlobs(
  collection: Collection,
  division: Division,
  options: GcOptions,
): AsyncResult<string[], GcError> {
  const { store, encoded } = collection
  const listed = await attempt(
    async () => {
      const found: { key: string; seq: number }[] = []
      for await (const { key } of store.list({ ...options, prefix: `blob/${encoded}/` })) {
        const seq = stagedFor(key)?.seq
        if (seq !== undefined && !division.named.has(key)) found.push({ key, seq })
      }
      return found
    },
    thrownError<GcError>,
  )
  if (!listed.ok || listed.value.length === 0) return listed.ok ? ok([]) : listed
  const held = await holders(collection, options)
  if (!held.ok || held.value.isRead) return held.ok ? ok([]) : held
  const last = await takenUpTo(collection, division, listed.value, held.value.isStaged, options)
  if (!last.ok) return last
  const garbage = listed.value
    .filter(({ seq }) => seq <= last.value && !division.unknown.has(seq))
    .map(({ key }) => key)
  if (options.dryRun === true || garbage.length === 0) return ok(garbage)
  const deleted = await store.delete(garbage)
  if (!deleted.ok) return deleted
  const left = new Set(deleted.value.failed.map(({ key }) => key))
  return ok(garbage.filter((key) => !left.has(key)))
}

/**
 * The number up to which blobs can be garbage: the newest record's. Blobs for the next belong to a
 * draft. When nobody lives who could be drafting and there is no checkpoint, a removal takes the
 * number: then its draft can never be committed, and its blobs are garbage too.
 */
async function takenUpTo(
  { log, pins }: Collection,
  { newest }: Division,
  staged: readonly { readonly seq: number }[],
  isStaged: boolean,
  options: GcOptions,
): AsyncResult<number, GcError> {
  const last = newest?.seq ?? 0
  const isPending = staged.some(({ seq }) => seq === last + 1)
  const isLive = newest !== undefined && isCheckpoint(newest)
  if (!isPending || isLive || isStaged || pins === undefined) return ok(last)
  if (options.dryRun === true) return ok(last + 1)
  const taken = await log.append(newest, REMOVAL, options)
  if (taken.ok) return ok(taken.value.seq)
  return taken.error.code === 'CONFLICT' ? ok(last) : taken
}

async function holders(
  { pins, encoded }: Collection,
  options: CallOptions,
): AsyncResult<{ isRead: boolean; isStaged: boolean }, GcError> {
  if (pins === undefined) return ok({ isRead: false, isStaged: true })
  const others = await pins.heldByOthers(options)
  if (!others.ok) return others
  const isHeld = (what: 'read' | 'draft' | 'stage'): boolean => {
    const name = pinName(what, encoded)
    return pins.count(name) > 0 || others.value.has(name)
  }
  return ok({ isRead: isHeld('read'), isStaged: isHeld('stage') || isHeld('draft') })
}

import type { CallOptions } from '../blob/blob-store.ts'
import type { CommitLog, LogReadError, LogRecord, Tip } from '../log/commit-log.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import { decodeManifest, type Manifest } from './manifest.ts'

/** The newest state of an identifier's log, damage stepped over. */
export interface Newest {
  /** Where the next record goes. */
  readonly tip: Tip | undefined
  /** The newest whole checkpoint; absent when there is none, or when it was removed. */
  readonly live: { readonly record: LogRecord; readonly manifest: Manifest } | undefined
  /** Why the newest record itself cannot be read, if so. */
  readonly damage: LogReadError | undefined
}

/** A removal is a record without a manifest, and so told by its size in a listing. */
export const REMOVAL: Uint8Array = new Uint8Array()

/** Whether a record is a checkpoint. */
export function isCheckpoint(record: LogRecord): boolean {
  return record.payload.length > 0
}

/** Looks for the newest state of an identifier. In a steady state, two absent reads. */
export async function findNewest(
  log: CommitLog,
  identifier: string | undefined,
  options?: CallOptions,
): AsyncResult<Newest, LogReadError> {
  const latest = await log.latest(options)
  if (latest.ok) return ok(newestOf(latest.value, latest.value, identifier, undefined))
  if (latest.error.code !== 'CORRUPTED') return latest
  const saved = await log.salvage(options)
  if (!saved.ok) return saved
  return ok(newestOf(saved.value.tip, saved.value.record, identifier, latest.error))
}

function newestOf(
  tip: Tip | undefined,
  record: LogRecord | undefined,
  identifier: string | undefined,
  damage: LogReadError | undefined,
): Newest {
  if (record === undefined || !isCheckpoint(record)) return { tip, live: undefined, damage }
  const manifest = decodeManifest(record.payload, identifier)
  if (manifest.ok) return { tip, live: { record, manifest: manifest.value }, damage }
  return { tip, live: undefined, damage: damage ?? manifest.error }
}

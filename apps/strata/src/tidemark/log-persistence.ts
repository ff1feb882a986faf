import {
  attempt,
  ok,
  prefixed,
  thrownError,
  unwrap,
  type AsyncResult,
  type BlobStore,
  type CoreError,
} from '@tidemark/core'
import {
  blobPersistence,
  type ConflictError,
  type LogStatePersistence,
  type ReadError,
  type ReplaceError,
} from '@tidemark/log-persistence'
import { decodePublishedRoot, encodePublishedRoot, type PublishedRoot } from '../published-root.ts'

/** Why a log cannot be read or written. */
export type LogError = ReadError | ReplaceError | ConflictError | CoreError<'CORRUPTED'>

/** What a log says, and the revision at which it says so. */
export interface Latest {
  readonly revision: number
  /** `undefined`: nothing was ever published. */
  readonly published: PublishedRoot | undefined
}

/** The part of the store that has the logs. */
const PUBLISHED = 'published/'

/** The newest root of a log. A damaged one is `CORRUPTED`: its log is frozen until it is restored. */
export async function latestOf(store: BlobStore, log: string): AsyncResult<Latest, LogError> {
  const logs = open(store)
  const latest = await newest(logs, log)
  await logs.close()
  return latest
}

/**
 * Writes the next root of a log, if the log still is what the caller saw and judged it by:
 * `CONFLICT` when somebody else has published meanwhile. After `ok` it is what every later run is
 * measured by.
 */
export async function publish(
  store: BlobStore,
  seen: Latest,
  next: PublishedRoot,
): AsyncResult<{ readonly revision: number }, LogError> {
  const logs = open(store)
  const stored = await logs.replace(next.log, seen.revision, encodePublishedRoot(next))
  await logs.close()
  return stored
}

/** What all logs say. */
export interface Logs {
  /** The newest roots, by name of the log. */
  readonly published: readonly PublishedRoot[]
  /** Logs whose newest record cannot be read. They are frozen, and only they. */
  readonly damaged: readonly { readonly log: string; readonly reason: string }[]
}

/** Reads all logs. Changes nothing, and makes nothing. */
export async function readLogs(store: BlobStore): AsyncResult<Logs, LogError> {
  const logs = open(store)
  const read = async (): Promise<Logs> => {
    const published: PublishedRoot[] = []
    const damaged: { log: string; reason: string }[] = []
    for (const log of (await isThere(store)) ? unwrap(await logs.logs()) : []) {
      const latest = await newest(logs, log)
      if (latest.ok && latest.value.published !== undefined) published.push(latest.value.published)
      if (latest.ok) continue
      if (latest.error.code !== 'CORRUPTED') throw latest.error
      damaged.push({ log, reason: latest.error.message })
    }
    return { published, damaged }
  }
  const all = await attempt(read, thrownError<LogError>)
  await logs.close()
  return all
}

async function newest(logs: LogStatePersistence, log: string): AsyncResult<Latest, LogError> {
  const snapshot = await logs.snapshot(log)
  if (!snapshot.ok) return snapshot
  const { revision, bytes } = snapshot.value
  if (bytes === undefined) return ok({ revision, published: undefined })
  const published = decodePublishedRoot(log, bytes)
  return published.ok ? ok({ revision, published: published.value }) : published
}

function open(store: BlobStore): LogStatePersistence {
  return blobPersistence(prefixed(store, PUBLISHED))
}

/** The first call to a persistence makes one; who only looks looks before that. */
async function isThere(store: BlobStore): Promise<boolean> {
  for await (const _ of store.list({ prefix: PUBLISHED, limit: 1 })) return true
  return false
}

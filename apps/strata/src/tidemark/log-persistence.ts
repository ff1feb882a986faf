import {
  attempt,
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
  const read = async (): Promise<Latest> => {
    const { revision, bytes } = unwrap(await logs.snapshot(log))
    if (bytes === undefined) return { revision, published: undefined }
    return { revision, published: unwrap(decodePublishedRoot(log, bytes)) }
  }
  const latest = await attempt(read, thrownError<LogError>)
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

/** The newest roots of all logs, by name. Changes nothing, and makes nothing. */
export async function listPublished(store: BlobStore): AsyncResult<PublishedRoot[], LogError> {
  const logs = open(store)
  const read = async (): Promise<PublishedRoot[]> => {
    if (!(await isThere(store))) return []
    const published: PublishedRoot[] = []
    for (const log of unwrap(await logs.logs())) {
      const bytes = unwrap(await logs.latest(log))
      if (bytes !== undefined) published.push(unwrap(decodePublishedRoot(log, bytes)))
    }
    return published
  }
  const listed = await attempt(read, thrownError<LogError>)
  await logs.close()
  return listed
}

function open(store: BlobStore): LogStatePersistence {
  return blobPersistence(prefixed(store, PUBLISHED))
}

/** The first call to a persistence makes one; who only looks looks before that. */
async function isThere(store: BlobStore): Promise<boolean> {
  for await (const _ of store.list({ prefix: PUBLISHED, limit: 1 })) return true
  return false
}

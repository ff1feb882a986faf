import type { BlobStore } from '../blob/blob-store.ts'
import type { CommitLog } from '../log/commit-log.ts'
import { coreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult, type Result } from '../result/result.ts'
import type { ByteCheckpoint, ByteCommitOptions } from './byte-storage.ts'
import { Committed } from './committed.ts'
import { encodeJson, type JsonObject } from './json.ts'
import { stagingPrefix } from './keys.ts'
import { encodeManifest, type ManifestEntry } from './manifest.ts'
import type { Newest } from './newest.ts'
import { restage } from './restage.ts'
import { named, tooManyRaces, unexpected } from './storage-errors.ts'
import type { CommitError, CreateError, CreateOptions } from './storage.ts'

/** Metadata is read with every listing, so it stays small. */
const MAX_METADATA_BYTES = 64 * 1024

/** What publishing one checkpoint works with. */
export interface Publication {
  readonly store: BlobStore
  readonly log: CommitLog
  readonly identifier: string
  readonly maxRaces: number
  readonly now: () => number
  readonly place: string | undefined
  /** The newest state, unless it forbids the commit. */
  readonly newest: () => AsyncResult<Newest, CreateError>
}

/** Appends the record that is the commit, again after whoever was faster. */
export async function publishCheckpoint(
  { store, log, identifier, maxRaces, now, place, newest }: Publication,
  begun: Newest,
  drafted: readonly ManifestEntry[],
  options: CreateOptions & ByteCommitOptions,
): AsyncResult<ByteCheckpoint, CommitError> {
  const metadata = checkMetadata(options.metadata ?? {})
  if (!metadata.ok) return metadata
  let [base, entries] = [begun, drafted]
  for (let race = 0; race < maxRaces; race++) {
    const actual = base.live?.record.seq ?? 'absent'
    if (options.expect !== undefined && options.expect !== actual) {
      return err(unexpected(identifier, options.expect, actual))
    }
    const born = base.live?.manifest.born ?? (base.tip?.seq ?? 0) + 1
    const committedAtMs = now()
    const bare = { identifier, committedAtMs, born, metadata: metadata.value, entries }
    const previous = base.tip?.digest
    const facts = {
      identifier,
      generation: (base.tip?.seq ?? 0) + 1,
      committedAt: new Date(committedAtMs),
      metadata: metadata.value,
      born,
      place,
      previous,
    }
    const attached = (await options.attach?.(facts)) ?? ok(undefined)
    if (!attached.ok) return attached
    const manifest = { ...bare, attachment: attached.value }
    const payload = encodeManifest(manifest)
    if (!payload.ok) return payload
    const appended = await log.append(base.tip, payload.value, options)
    if (appended.ok) return ok(new Committed(store, appended.value, manifest, place))
    if (appended.error.code !== 'CONFLICT') return err(named(identifier, appended.error))
    const next = await newest()
    if (!next.ok) return next
    base = next.value
    // A staged blob belongs to one number. The loser stages again, under the next.
    const again = await restage(store, entries, stagingPrefix(identifier, base.tip))
    if (!again.ok) return again
    entries = again.value
  }
  return err(tooManyRaces(identifier, maxRaces))
}

function checkMetadata(metadata: JsonObject): Result<JsonObject, CommitError> {
  const encoded = encodeJson(metadata)
  if (!encoded.ok) return encoded
  const actual = encoded.value.length
  if (actual <= MAX_METADATA_BYTES) return ok(metadata)
  const message = `metadata takes up to ${MAX_METADATA_BYTES} bytes as JSON; put more into an entry`
  const details = { limit: 'metadata', maximum: MAX_METADATA_BYTES, actual }
  return err(coreError('LIMIT_EXCEEDED', message, details))
}

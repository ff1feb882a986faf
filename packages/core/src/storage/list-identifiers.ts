import type { BlobInfo, BlobStore, CallOptions } from '../blob/blob-store.ts'
import { FRAME_OVERHEAD_BYTES } from '../log/frame.ts'
import { blobCommitLog } from '../log/blob-commit-log.ts'
import { unwrap } from '../result/result.ts'
import { compareNames, decodeName } from './identifier.ts'
import { logPrefix, stagedFor } from './keys.ts'
import { decodeManifest } from './manifest.ts'
import type { StorageReadError } from './storage.ts'

/** `log/<encoded identifier>.r<n>` or `….r<shard>/<n>`. */
const RECORD_KEY = /^log\/([nh]-[a-z0-9_-]+)\.r(?:[0-9]+\/)?([0-9]+)$/

/** An encoded identifier with its newest record. */
interface Newest {
  readonly seq: number
  readonly isRemoval: boolean
}

/**
 * The committed identifiers, in byte order of their UTF-8, from one listing: no record is opened,
 * for a removal is known by its size (only names too long to encode are looked up).
 */
export async function* listIdentifiers(
  store: BlobStore,
  refusal: () => StorageReadError | undefined,
  options?: CallOptions,
): AsyncIterable<string> {
  const newest = new Map<string, Newest>()
  for await (const info of store.list({ ...options, prefix: 'log/' })) {
    const refused = refusal()
    if (refused !== undefined) throw refused
    note(newest, info)
  }
  const names: string[] = []
  for (const [encoded, { isRemoval }] of newest) {
    if (isRemoval) continue
    const name = decodeName(encoded) ?? (await nameInside(store, encoded, options))
    if (name !== undefined) names.push(name)
  }
  yield* names.sort(compareNames)
}

/** Every encoded identifier that has anything on the medium, live or not. For collectors. */
export async function listEncoded(store: BlobStore, options?: CallOptions): Promise<string[]> {
  const names = new Set<string>()
  for await (const { key } of store.list({ ...options, prefix: 'log/' })) {
    const [, encoded] = RECORD_KEY.exec(key) ?? []
    if (encoded !== undefined) names.add(encoded)
  }
  for await (const { key } of store.list({ ...options, prefix: 'blob/' })) {
    const staged = stagedFor(key)
    if (staged !== undefined) names.add(staged.encoded)
  }
  return [...names].sort()
}

function note(newest: Map<string, Newest>, { key, sizeBytes }: BlobInfo): void {
  const [, encoded = '', digits = ''] = RECORD_KEY.exec(key) ?? []
  const seq = Number(digits)
  if (encoded === '' || seq <= (newest.get(encoded)?.seq ?? 0)) return
  newest.set(encoded, { seq, isRemoval: sizeBytes === FRAME_OVERHEAD_BYTES })
}

async function nameInside(
  store: BlobStore,
  encoded: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const record = unwrap(await blobCommitLog(store, logPrefix(encoded)).latest(options))
  if (record === undefined || record.payload.length === 0) return undefined
  return unwrap(decodeManifest(record.payload, undefined)).identifier
}

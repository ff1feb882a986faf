import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { coreError } from '../result/core-errors.ts'
import { err, ok, unwrap, type AsyncResult } from '../result/result.ts'
import { decodeJson, encodeJson, isJsonObject } from './json.ts'
import type { PutEntryError, StorageReadError } from './storage.ts'

/** The blob that says what a place is: `{"format":"tidemark-storage","version":1}`. */
const HEADER_KEY = 'storage.json'
const FORMAT = 'tidemark-storage'
const VERSION = 1

/** A header is a line; more is not read. */
const MAX_HEADER_BYTES = 64 * 1024

/** Whether a place is a storage already; fails when it is one of a newer version. */
export async function readHeader(
  store: BlobStore,
  options?: CallOptions,
): AsyncResult<boolean, StorageReadError> {
  const blob = await store.get(HEADER_KEY, {
    ...options,
    range: { start: 0, end: MAX_HEADER_BYTES },
  })
  if (!blob.ok || blob.value === undefined) return blob.ok ? ok(false) : blob
  const bytes = await blob.value.bytes()
  if (!bytes.ok) return bytes
  const json = decodeJson(bytes.value, HEADER_KEY)
  const { format, version } = json.ok && isJsonObject(json.value) ? json.value : {}
  if (format !== FORMAT || typeof version !== 'number' || version < 1) {
    const reason = 'it does not describe a storage'
    const details = { what: 'header', reason, key: HEADER_KEY }
    return err(coreError('CORRUPTED', `${HEADER_KEY} is damaged: ${reason}; restore it`, details))
  }
  if (version <= VERSION) return ok(true)
  const message = `this storage was made by a newer version (${version}); upgrade to open it`
  const details = { what: 'storage', found: version, supported: VERSION }
  return err(coreError('UNSUPPORTED_VERSION', message, details))
}

/** Marks a place as a storage. Whoever is first has said the same. */
export async function writeHeader(
  store: BlobStore,
  options?: CallOptions,
): AsyncResult<void, PutEntryError> {
  const bytes = unwrap(encodeJson({ format: FORMAT, version: VERSION }))
  const put = await store.put(HEADER_KEY, bytes, { ...options, if: 'absent' })
  return put.ok || put.error.code === 'CONFLICT' ? ok() : put
}

import {
  err,
  ok,
  thrownError,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type ReadError,
} from '@tidemark/core'
import type { MediumError } from '../errors/mkvs-errors.ts'
import { decodeMetadata, type Metadata } from '../record/metadata.ts'
import type { Root } from '../record/root.ts'
import { corrupted } from './checkpoint-errors.ts'
import { metaKey, paramsKey } from './layout.ts'
import { decodeParams, encodeParams, type CreationParams } from './params.ts'

/** Metadata of 1 000 000 chunks has 34 MB; more is not read. */
const MAX_METADATA_BYTES = 64 * 1024 * 1024

/** The metadata of a root's checkpoint, if there is one. */
export function readMetadata(
  store: BlobStore,
  root: Root,
  options?: CallOptions,
): AsyncResult<Metadata | undefined, MediumError> {
  return readMetadataAt(store, metaKey(root), options)
}

/** The metadata under a key. `CORRUPTED` when it cannot be read. */
export async function readMetadataAt(
  store: BlobStore,
  key: string,
  options?: CallOptions,
): AsyncResult<Metadata | undefined, MediumError> {
  const bytes = await readSmall(store, key, options)
  if (!bytes.ok || bytes.value === undefined) return bytes.ok ? ok(undefined) : bytes
  const metadata = decodeMetadata(bytes.value)
  return metadata.ok ? metadata : err(corrupted(key, metadata.error.details.reason))
}

/**
 * Fixes the parameters of a checkpoint before its first chunk: whoever makes it, now or after a
 * crash, makes the same chunks, so their names can be fixed and writing them twice is harmless.
 */
export async function claimParams(
  store: BlobStore,
  root: Root,
  params: CreationParams,
  options?: CallOptions,
): AsyncResult<CreationParams, MediumError> {
  const key = paramsKey(root)
  const put = await store.put(key, encodeParams(params), { ...options, if: 'absent' })
  if (put.ok) return ok(params)
  if (put.error.code !== 'CONFLICT') return put
  const bytes = await readSmall(store, key, options)
  if (!bytes.ok) return bytes
  const claimed = bytes.value === undefined ? undefined : decodeParams(bytes.value)
  return claimed === undefined ? err(corrupted(key, 'unreadable parameters')) : ok(claimed)
}

/** All keys with a prefix. */
export async function keysUnder(
  store: BlobStore,
  prefix: string,
  options?: CallOptions,
): AsyncResult<string[], MediumError> {
  const keys: string[] = []
  try {
    for await (const { key } of store.list({ ...options, prefix })) keys.push(key)
    return ok(keys)
  } catch (thrown) {
    return err(thrownError<ReadError>(thrown))
  }
}

/** Deletes all of these; the first that stays is the error. */
export async function deleteKeys(
  store: BlobStore,
  keys: readonly string[],
  options?: CallOptions,
): AsyncResult<void, MediumError> {
  const report = await store.delete(keys, options)
  if (!report.ok) return report
  const [failed] = report.value.failed
  return failed === undefined ? ok() : err(failed.error)
}

async function readSmall(
  store: BlobStore,
  key: string,
  options?: CallOptions,
): AsyncResult<Uint8Array | undefined, MediumError> {
  const blob = await store.get(key, options)
  if (!blob.ok) return blob
  if (blob.value === undefined) return ok(undefined)
  if (blob.value.sizeBytes > MAX_METADATA_BYTES) return err(corrupted(key, 'too long'))
  return blob.value.bytes()
}

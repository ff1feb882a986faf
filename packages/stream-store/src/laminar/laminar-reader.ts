import {
  attempt,
  coreError,
  err,
  ok,
  thrownError,
  type AsyncResult,
  type CallOptions,
  type Clock,
  type StoredBlob,
} from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { ChecksumVerifier } from '../manifest/state-checksum.ts'
import { noneUsable } from '../native/recover-native.ts'
import { MAX_BUFFERED_BYTES } from '../state/slot.ts'
import { readAhead } from '../state/pieces.ts'
import type {
  CheckpointRef,
  LoadLatestOptions,
  SkippedCheckpoint,
  ValidateOptions,
  ValidationResult,
} from '../store/checkpoint-store.ts'
import type { LoadLatestError, ReadStoreError, RecoverError } from '../store/store-errors.ts'
import { patiently } from '../store/patience.ts'
import { refused } from '../store/recover.ts'
import { faultOf, invalid, isDamage, judge, settle } from '../store/validate-stored.ts'
import type { StoreEvent } from '../native/options.ts'
import { listNames, readManifest, readPointer, type LaminarPlace } from './laminar-files.ts'
import { fileKey } from './names.ts'

/** The readable checkpoints, ids ascending. */
export async function listReadable(
  place: LaminarPlace,
  options?: CallOptions,
): AsyncResult<CheckpointRef[], ReadStoreError> {
  const names = await listNames(place)
  if (!names.ok) return names
  const refs: CheckpointRef[] = []
  for (const id of names.value.ids) {
    const read = await readManifest(place, id, options)
    if (read.ok && read.value !== undefined) {
      refs.push({ checkpointId: id, epoch: read.value.manifest.epoch })
    }
    if (!read.ok && !isDamage(read.error)) return read
  }
  return ok(refs)
}

/**
 * The newest manifest that can be read. The pointer is only compared: a pointer that is absent, stale
 * or nonsense never hides a checkpoint.
 */
export async function loadNewestFile(
  place: LaminarPlace,
  { clock, onEvent }: { readonly clock: Clock; readonly onEvent: (event: StoreEvent) => void },
  options?: LoadLatestOptions,
): AsyncResult<CheckpointManifest | undefined, LoadLatestError> {
  const names = await patiently(() => listNames(place), clock, options)
  if (!names.ok) return refused(names.error)
  const skipped: SkippedCheckpoint[] = []
  for (const id of names.value.ids.toReversed()) {
    const read = await patiently(() => readManifest(place, id, options), clock, options)
    if (read.ok && read.value !== undefined) {
      const pointer = await readPointer(place, options)
      const isPointed = pointer.ok && pointer.value === id
      if (!isPointed || skipped.length > 0) onEvent({ kind: 'degraded', skipped })
      return ok(read.value.manifest)
    }
    if (read.ok) continue
    if (!isDamage(read.error)) return refused(read.error, id)
    const { message: reason } = read.error
    skipped.push({ checkpointId: id, fault: faultOf(read.error), reason })
  }
  return skipped.length === 0 || options?.allowFreshStart === true
    ? ok(undefined)
    : err(noneUsable(skipped))
}

/** The binary state of an id, held against the manifest's checksum where there is one. */
export async function loadStateFile(
  place: LaminarPlace,
  id: bigint,
  options?: CallOptions,
): AsyncResult<Uint8Array | undefined, ReadStoreError> {
  const blob = await place.store.get(fileKey(id, 'state.bin'), options)
  if (!blob.ok || blob.value === undefined) return blob.ok ? ok(undefined) : blob
  if (blob.value.sizeBytes > MAX_BUFFERED_BYTES) return err(tooLarge(blob.value.sizeBytes))
  const bytes = await blob.value.bytes()
  if (!bytes.ok) return bytes
  const read = await readManifest(place, id, options)
  if (!read.ok && !isDamage(read.error)) return read
  const manifest = read.ok ? read.value?.manifest : undefined
  if (manifest?.stateChecksum === undefined) return bytes
  const verifier = new ChecksumVerifier(manifest)
  verifier.update(bytes.value)
  const finished = verifier.finish(true)
  return 'rule' in finished ? bytes : err(mismatch(id))
}

/** Looks at one checkpoint as `validateCheckpoint` does, the state in pieces. */
export async function validateFiles(
  place: LaminarPlace,
  id: bigint,
  vnodeCount: number,
  options?: ValidateOptions,
): AsyncResult<ValidationResult, RecoverError> {
  const read = await readManifest(place, id, options)
  if (!read.ok) return settle(id, read.error)
  if (read.value === undefined) return ok(invalid(id, 'manifest not found', 'missing'))
  const { manifest } = read.value
  const blob = await place.store.get(fileKey(id, 'state.bin'), options)
  if (!blob.ok) return settle(id, blob.error)
  const sizeBytes = blob.value === undefined ? undefined : BigInt(blob.value.sizeBytes)
  if (options?.depth === 'shallow') return ok(judge(id, manifest, sizeBytes, vnodeCount, undefined))
  const verifier = new ChecksumVerifier(manifest)
  const fed = blob.value === undefined ? ok() : await feed(verifier, blob.value)
  return fed.ok ? ok(judge(id, manifest, sizeBytes, vnodeCount, verifier)) : settle(id, fed.error)
}

function feed(verifier: ChecksumVerifier, blob: StoredBlob): AsyncResult<void, ReadStoreError> {
  return attempt(
    async () => {
      for await (const piece of readAhead(blob.stream())) verifier.update(piece)
    },
    thrownError<ReadStoreError>,
  )
}

function mismatch(id: bigint): ReadStoreError {
  const details = { what: 'state', reason: 'checksum mismatch', identifier: String(id) }
  return coreError('CORRUPTED', `state of checkpoint ${id} is damaged: checksum mismatch`, details)
}

function tooLarge(actual: number): ReadStoreError {
  const message = `${actual} bytes are more than is given as one array`
  const details = { limit: 'buffered bytes', maximum: MAX_BUFFERED_BYTES, actual }
  return coreError('LIMIT_EXCEEDED', message, details)
}

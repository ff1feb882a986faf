import {
  attempt,
  ok,
  sha256Stream,
  thrownError,
  toHex,
  type AsyncResult,
  type CallOptions,
} from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { ChecksumVerifier, type ChecksumRule } from '../manifest/state-checksum.ts'
import type { StoredState } from '../state/slot.ts'
import type { ValidateOptions, ValidationResult } from '../store/checkpoint-store.ts'
import type { ReadStoreError, RecoverError } from '../store/store-errors.ts'
import { invalid, judge, settle } from '../store/validate-stored.ts'
import { damaged } from '../state/read-slot.ts'
import { findMissing, placeOf, readRawState, readSlot } from './read-state.ts'
import { findStored, type Stored, type View } from './view.ts'

const utf8 = new TextEncoder()

/** Looks at one checkpoint: its manifest, that its state is there, and (deep) every byte of it. */
export async function validateNative(
  view: View,
  checkpointId: bigint,
  vnodeCount: number,
  options?: ValidateOptions,
): AsyncResult<ValidationResult, RecoverError> {
  const stored = await findStored(view, checkpointId, options)
  if (!stored.ok) return settle(checkpointId, stored.error)
  const manifest = stored.value?.record.body.manifest
  if (stored.value === undefined || manifest === undefined) {
    return ok(invalid(checkpointId, 'manifest not found', 'missing'))
  }
  const missing = await findMissing(view, stored.value, options)
  if (!missing.ok) return settle(checkpointId, missing.error)
  if (missing.value !== undefined) {
    return ok(invalid(checkpointId, missing.value.message, missing.value.fault))
  }
  const { state } = stored.value.record.body
  const stateBytes = state === undefined ? undefined : BigInt(state.sizeBytes)
  if (options?.depth === 'shallow') {
    return ok(judge(checkpointId, manifest, stateBytes, vnodeCount, undefined))
  }
  const read = await readEverything(view, stored.value, manifest, options)
  if (!read.ok) return settle(checkpointId, read.error)
  const { verifier, rule } = read.value
  const result = judge(checkpointId, manifest, stateBytes, vnodeCount, verifier)
  return ok(rule === undefined ? result : { ...result, checksumRule: rule })
}

interface ReadState {
  /** Fed with the state, when its own digest did not settle the matter. */
  readonly verifier: ChecksumVerifier | undefined
  readonly rule: ChecksumRule | undefined
}

function readEverything(
  view: View,
  stored: Stored,
  manifest: CheckpointManifest,
  options?: CallOptions,
): AsyncResult<ReadState, ReadStoreError> {
  const { slots, state } = stored.record.body
  return attempt(
    async () => {
      for (const slot of slots) {
        for await (const piece of readSlot(view, stored, slot, options)) void piece
      }
      if (state !== undefined) {
        if (!(await isIntact(view, stored, state, options))) {
          throw damaged(placeOf(view, stored), undefined, 'checksum mismatch')
        }
        // Usually the manifest's checksum is over just that, and needs no second look.
        const rule = state.prefix === '' ? 'state' : 'mixed'
        if (manifest.stateChecksum === state.sha256) return { verifier: undefined, rule }
      }
      const verifier = new ChecksumVerifier(manifest)
      if (state !== undefined) {
        for await (const piece of readRawState(view, stored, state, options)) {
          verifier.update(piece)
        }
      }
      return { verifier, rule: undefined }
    },
    thrownError<ReadStoreError>,
  )
}

async function isIntact(
  view: View,
  stored: Stored,
  state: StoredState,
  options?: CallOptions,
): Promise<boolean> {
  const hash = sha256Stream()
  hash.update(utf8.encode(state.prefix))
  for await (const piece of readRawState(view, stored, state, options)) hash.update(piece)
  return toHex(hash.digest()) === state.sha256
}

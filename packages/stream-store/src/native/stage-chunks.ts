import { ok, sha256Stream, toHex, type AsyncResult } from '@tidemark/core'
import { INLINE_TOTAL_BYTES } from '../state/slot.ts'
import { stageState } from '../state/stage-state.ts'
import type { WriteStoreError } from '../store/store-errors.ts'
import type { Attempt } from './attempts.ts'
import type { StagedBody } from './save.ts'

const utf8 = new TextEncoder()

/**
 * Stages binary state, chunk by chunk, never joined. One SHA-256 over `prefix` and the bytes is both
 * the checksum in the manifest and what a reader verifies.
 */
export async function stageChunks(
  attempt: Attempt,
  chunks: readonly Uint8Array[],
  prefix: string,
): AsyncResult<{ readonly staged: StagedBody; readonly sha256: string }, WriteStoreError> {
  const hash = sha256Stream()
  hash.update(utf8.encode(prefix))
  const { pack } = attempt
  const placed = await stageState(chunks, { pack, inlineLeft: INLINE_TOTAL_BYTES, whole: hash })
  if (!placed.ok) return placed
  const finished = await pack.finish()
  if (!finished.ok) return finished
  const { staged, sizeBytes } = placed.value
  const inline = 'inline' in staged ? staged.inline : new Uint8Array()
  const at = 'inline' in staged ? { inline: 0 } : staged
  const sha256 = toHex(hash.digest())
  const state = { sizeBytes, at, sha256, prefix }
  const blobs = attempt.blobNames()
  return ok({ staged: { body: { state }, inline, blobs, bytes: sizeBytes }, sha256 })
}

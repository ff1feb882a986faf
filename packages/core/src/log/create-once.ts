import type { BlobStore, CallOptions, PutError } from '../blob/blob-store.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import { equalBytes } from './frame.ts'

/** How often a create without an answer is repeated, and how long to wait between. */
export interface SettleOptions {
  readonly attempts: number
  readonly pauseMs: number
  readonly sleep: (ms: number) => Promise<void>
}

/** Patience for a medium that loses answers: 3.1 s in all. */
export const SETTLE: SettleOptions = {
  attempts: 5,
  pauseMs: 100,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

/**
 * How a create ended. `taken-since`: an answer was lost on the way, so ours may have been there
 * before the one that is there now.
 */
export type Created = 'created' | 'taken' | 'taken-since'

/**
 * Creates a blob that nobody else can create, and settles a lost answer: the same create, the same
 * nonce in it, is repeated until it is answered. Created, or taken, then read whose.
 *
 * That the blob is absent when read back would prove nothing: the request may still arrive. Out of
 * patience: `OUTCOME_UNKNOWN`.
 */
export async function createOnce(
  store: BlobStore,
  key: string,
  bytes: Uint8Array,
  settle: SettleOptions,
  options?: CallOptions,
): AsyncResult<Created, PutError> {
  const first = await store.put(key, bytes, { ...options, if: 'absent' })
  if (first.ok) return ok('created')
  if (first.error.code === 'CONFLICT') return ok('taken')
  if (first.error.code !== 'OUTCOME_UNKNOWN') return first
  for (let attempt = 0; attempt < settle.attempts; attempt++) {
    await settle.sleep(settle.pauseMs * 2 ** attempt)
    // No signal: once a request is out, only an answer helps.
    const again = await store.put(key, bytes, { if: 'absent' })
    if (again.ok) return ok('created')
    // The medium will not make anything durable any more: waiting for it is in vain.
    if (again.error.code === 'IO_FAILED' && again.error.details.reason === 'sync-failed') break
    if (again.error.code !== 'CONFLICT') continue
    const blob = await store.get(key, { durable: true })
    if (!blob.ok || blob.value === undefined) continue
    const found = await blob.value.bytes()
    if (found.ok) return ok(equalBytes(found.value, bytes) ? 'created' : 'taken-since')
  }
  return first
}

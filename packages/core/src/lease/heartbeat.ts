import type { BlobStore, CallOptions, ReadError } from '../blob/blob-store.ts'
import { toHex } from '../digest/hex.ts'
import type { Seq } from '../log/commit-log.ts'
import { ok, type AsyncResult } from '../result/result.ts'

/** The content of the heartbeat of an owner that let go. */
const RELEASED = new TextEncoder().encode('released')

/** A heartbeat is a few digits; more is not read. */
const MAX_BEAT_BYTES = 64

/**
 * The sign of life of one owner: a key that changes while it lives. Not durable: it may vanish with
 * the machine, because so does its owner.
 */
export function heartbeatKey(prefix: string, epoch: Seq): string {
  return `${prefix}h${epoch}`
}

/** What an observer sees of an owner at one moment. Equal strings: no sign of life between. */
export type Sight = string

/** Writes the n-th beat. One that fails is one that others miss. */
export async function beat(store: BlobStore, key: string, count: number): Promise<void> {
  const digits = new TextEncoder().encode(String(count))
  void (await store.put(key, digits, { durable: false }))
}

/** Says that the owner has let go. Unsaid, its silence will tell. */
export async function beatReleased(store: BlobStore, key: string): Promise<void> {
  void (await store.put(key, RELEASED, { durable: false }))
}

/** Looks for a sign of life. */
export async function look(
  store: BlobStore,
  key: string,
  options?: CallOptions,
): AsyncResult<Sight, ReadError> {
  const blob = await store.get(key, { ...options, range: { start: 0, end: MAX_BEAT_BYTES } })
  if (!blob.ok || blob.value === undefined) return blob.ok ? ok('') : blob
  const bytes = await blob.value.bytes()
  return bytes.ok ? ok(toHex(bytes.value)) : bytes
}

/** Whether a sight says that the owner has let go. */
export function isReleased(sight: Sight): boolean {
  return sight === toHex(RELEASED)
}

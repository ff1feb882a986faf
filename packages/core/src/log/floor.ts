import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type Result } from '../result/result.ts'
import type { LogRecord, Seq } from './commit-log.ts'

/**
 * How far a log has been truncated. Records below `before` count only if `keep` names them.
 *
 * Floors are a second numbered create-only log and are never deleted: a floor that could be
 * replaced could move down, and a writer that slept through it would win.
 */
export interface Floor {
  /** The number of this floor; 0 stands for none. */
  readonly index: number
  readonly before: Seq
  /** Ascending. */
  readonly keep: readonly Seq[]
}

/** The floor of a log that was never truncated. */
export const NO_FLOOR: Floor = { index: 0, before: 1, keep: [] }

/** A floor names so few records that it stays one small blob. */
export const MAX_KEPT = 65_536

const NUMBER_BYTES = 8

/** The payload of a floor: `before`, then each kept number, as big-endian u64. */
export function encodeFloor(floor: Floor): Uint8Array {
  const payload = new Uint8Array(NUMBER_BYTES * (1 + floor.keep.length))
  const view = new DataView(payload.buffer)
  const numbers = [floor.before, ...floor.keep]
  for (const [i, n] of numbers.entries()) view.setBigUint64(i * NUMBER_BYTES, BigInt(n))
  return payload
}

/** Reads the payload of a floor; `undefined` when it makes no sense. */
export function decodeFloor(index: number, payload: Uint8Array): Floor | undefined {
  const count = payload.length / NUMBER_BYTES
  if (!Number.isInteger(count) || count > MAX_KEPT + 1) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const numbers = Array.from({ length: count }, (_, i) =>
    Number(view.getBigUint64(i * NUMBER_BYTES)),
  )
  const [before = 0, ...keep] = numbers
  const rises = keep.every((n, i) => n > (keep[i - 1] ?? 0) && n < before)
  return Number.isSafeInteger(before) && before >= 1 && rises ? { index, before, keep } : undefined
}

/** Whether a record still counts. */
export function counts(floor: Floor, seq: Seq): boolean {
  return seq >= floor.before || floor.keep.includes(seq)
}

/** The next floor, and the records it makes void. */
export interface FloorPlan {
  readonly floor: Floor
  /** Ascending. */
  readonly freed: readonly Seq[]
}

/**
 * The floor that truncates a log before a number. It never falls, never passes the newest record,
 * keeps the newest record's owner, and keeps nothing that an earlier floor gave up.
 */
export function planFloor(
  current: Floor,
  newest: LogRecord,
  before: Seq,
  keep: readonly Seq[],
): Result<FloorPlan, CoreError<'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED'>> {
  if (!Number.isSafeInteger(before) || before < 1 || before > newest.seq) {
    return err(refused('before', `it is a record up to the newest, ${newest.seq}`))
  }
  // Whoever asks for less does not know this floor: what it keeps is not theirs to give up.
  if (before < current.before) return ok({ floor: current, freed: [] })
  const owner = newest.epoch > 0 ? [newest.epoch] : []
  const kept = [...new Set([...keep, ...owner])].filter((seq) => seq < before).sort((a, b) => a - b)
  if (kept.some((seq) => !Number.isSafeInteger(seq) || !counts(current, seq))) {
    return err(refused('keep', 'it names a record that is truncated already'))
  }
  if (kept.length > MAX_KEPT) {
    const message = `a floor keeps up to ${MAX_KEPT} records`
    const details = { limit: 'keep', maximum: MAX_KEPT, actual: kept.length }
    return err(coreError('LIMIT_EXCEEDED', message, details))
  }
  const spared = new Set(kept)
  const passed = Array.from({ length: before - current.before }, (_, i) => current.before + i)
  const freed = [...current.keep, ...passed].filter((seq) => !spared.has(seq))
  return ok({ floor: { index: current.index + 1, before, keep: kept }, freed })
}

function refused(argument: string, reason: string): CoreError<'INVALID_ARGUMENT'> {
  return coreError('INVALID_ARGUMENT', `truncate: ${reason}`, { argument, reason })
}

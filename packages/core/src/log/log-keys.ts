import type { Seq } from './commit-log.ts'

/** So many records lie in one directory: enough to share its syncs, few enough to list. */
const SHARD_RECORDS = 1024

/**
 * The key of a record: `<prefix>r<n>` up to 1024, then `<prefix>r<first of the shard>/<n>`.
 * The first shards start at 1025, so no directory is ever named like a record.
 */
export function recordKey(prefix: string, seq: Seq): string {
  if (seq <= SHARD_RECORDS) return `${prefix}r${seq}`
  const first = seq - ((seq - 1) % SHARD_RECORDS)
  return `${prefix}r${first}/${seq}`
}

/** The key of a floor. */
export function floorKey(prefix: string, index: number): string {
  return `${prefix}f${index}`
}

/** The key of the hint: the number of some recent record, to start looking from. */
export function hintKey(prefix: string): string {
  return `${prefix}hint`
}

/** The number of the record that a key stands for, or `undefined`. */
export function recordSeq(prefix: string, key: string): Seq | undefined {
  const seq = Number(/[0-9]+$/.exec(key)?.[0])
  return Number.isSafeInteger(seq) && seq > 0 && recordKey(prefix, seq) === key ? seq : undefined
}

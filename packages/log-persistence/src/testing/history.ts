import { unwrap } from '@tidemark/core'
import { toHex } from '../bytes.ts'
import { randomBytes } from '#digest'
import type { LogStatePersistence } from '../log-persistence.ts'
import { bytesOf, textOf } from './check.ts'

/**
 * One acknowledged commit as its writer saw it: what it read, what it wrote, and when. `begunMs`
 * and `endedMs` must come from one clock for all writers.
 */
export interface Commit {
  readonly writer: string
  /** What was stored before, as the writer read it; '(nothing)' for nothing. */
  readonly read: string
  /** What the writer stored: different for every commit. */
  readonly wrote: string
  readonly revision: number
  readonly begunMs: number
  readonly endedMs: number
}

/** Makes one update that names its predecessor and itself, until it is acknowledged. */
export async function recordUpdate(
  store: LogStatePersistence,
  logId: string,
  writer: string,
  nowMs: () => number = () => performance.now(),
): Promise<Commit> {
  for (;;) {
    let read = ''
    const wrote = `${writer} ${toHex(randomBytes(8))}`
    const begunMs = nowMs()
    const updated = await store.update(logId, (current) => {
      read = textOf(current)
      return bytesOf(wrote)
    })
    if (!updated.ok && updated.error.code === 'CONFLICT') continue
    const { revision } = unwrap(updated)
    return { writer, read, wrote, revision, begunMs, endedMs: nowMs() }
  }
}

/**
 * Whether the acknowledged commits of one log form a linearizable history that began with nothing
 * and lost no write: one commit for each revision, each read what the one before it wrote, and none
 * that ended before another began comes after it. Gives what is wrong, in words.
 *
 * Revisions order the commits completely, so this check is exact, and linear in their number.
 */
export function checkHistory(history: readonly Commit[]): string[] {
  const wrong: string[] = []
  const ordered = history.toSorted((a, b) => a.revision - b.revision)
  let [before, latestBegin] = ['(nothing)', -Infinity]
  for (const [i, commit] of ordered.entries()) {
    const { revision, read, wrote, writer, begunMs, endedMs } = commit
    if (revision !== i + 1) wrong.push(`revision ${revision} of ${writer} is number ${i + 1}`)
    if (read !== before) wrong.push(`revision ${revision} was built on ${read}, not on ${before}`)
    if (endedMs < latestBegin) wrong.push(`revision ${revision} ended before an older one began`)
    latestBegin = Math.max(latestBegin, begunMs)
    before = wrote
  }
  return wrong
}

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

/** A write whose fate its writer never learned: it may stand in the history, once. */
export type Unknown = Pick<Commit, 'writer' | 'wrote'>

/** What one call of {@link recordUpdate} came to. */
export type Recorded = Commit | (Unknown & { readonly revision: undefined })

/**
 * Makes one update that names its predecessor and itself, until it is acknowledged. Conflicts
 * and failures that wrote nothing are tried again; an unknown outcome is given back as such.
 */
export async function recordUpdate(
  store: LogStatePersistence,
  logId: string,
  writer: string,
  nowMs: () => number = () => performance.now(),
): Promise<Recorded> {
  for (;;) {
    let read = ''
    const wrote = `${writer} ${toHex(randomBytes(8))}`
    const begunMs = nowMs()
    const updated = await store.update(logId, (current) => {
      read = textOf(current)
      return bytesOf(wrote)
    })
    if (updated.ok) {
      const { revision } = updated.value
      return { writer, read, wrote, revision, begunMs, endedMs: nowMs() }
    }
    const { error } = updated
    if (error.code === 'OUTCOME_UNKNOWN') return { writer, wrote, revision: undefined }
    // A conflict, or a server that is away: nothing was written.
    if (error.code !== 'CONFLICT' && !error.retryable) throw error
  }
}

/**
 * Whether the acknowledged commits of one log form a linearizable history that began with nothing
 * and lost no write: one commit for each revision, each read what the one before it wrote, and none
 * that ended before another began comes after it. A revision that nobody acknowledged must be one
 * of the writes of unknown outcome, and none of those stands twice. Gives what is wrong, in words.
 *
 * Revisions order the commits completely, so this check is exact, and linear in their number.
 */
export function checkHistory(history: readonly Recorded[]): string[] {
  const commits = history.filter((one) => one.revision !== undefined)
  const unknown = new Set(history.filter((one) => one.revision === undefined).map((u) => u.wrote))
  const ordered = commits.toSorted((a, b) => a.revision - b.revision)
  const wrong: string[] = []
  let [before, at, latestBegin] = ['(nothing)', 0, -Infinity]
  for (const { revision, read, wrote, writer, begunMs, endedMs } of ordered) {
    if (revision <= at) wrong.push(`revision ${revision} of ${writer} was acknowledged twice`)
    const follows = revision === at + 1
    if (follows && read !== before) wrong.push(`${revision} was built on ${read}, not ${before}`)
    if (!follows && !unknown.delete(read)) wrong.push(`${revision} was built on ${read}: whose?`)
    if (endedMs < latestBegin) wrong.push(`revision ${revision} ended before an older one began`)
    latestBegin = Math.max(latestBegin, begunMs)
    before = wrote
    at = revision
  }
  return wrong
}

import { ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import type { PruneReport } from '../store/checkpoint-store.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import { planPrune } from '../store/retention.ts'
import { withoutEntries, withSegment, type Entry, type Head } from './head.ts'
import { readSegment } from './history.ts'
import type { Plan } from './ledger.ts'
import { retainable } from './save.ts'
import type { View } from './view.ts'

/** Plans the record that takes everything past a limit out of the head, far entries too. */
export async function planPruning(
  view: View,
  head: Head,
  seq: number,
  keep: number,
  nowMs: number,
  options?: CallOptions,
): Promise<Plan<PruneReport>> {
  const gathered = await gatherNear(view, head, options)
  if (!gathered.ok) return gathered
  const all = gathered.value.entries
  const near = new Set(head.entries)
  const report = planPrune(all.flatMap(retainable), keep)
  if (report.removed.length === 0) return ok({ value: report })
  const removed = new Set(report.removed)
  const gone = all.filter(({ id, status }) => status !== 'state' && removed.has(id))
  const left = withoutEntries({ ...head, segments: [] }, gone, nowMs)
  const segment = all.filter((entry) => !near.has(entry) && !removed.has(entry.id))
  return ok({ head: withSegment(left, segment, seq), body: { segment }, value: report })
}

/** The head with the entries of its segments in it, so that retention counts them. */
export async function gatherNear(
  view: View,
  head: Head,
  options?: CallOptions,
): AsyncResult<Head, ReadStoreError> {
  const far: Entry[] = []
  for (const ref of head.segments) {
    const entries = await readSegment(view.log, ref, options)
    if (!entries.ok) return entries
    far.push(...entries.value)
  }
  const entries = [...far, ...head.entries].sort((a, b) => (a.id < b.id ? -1 : 1))
  return ok({ ...head, entries, segments: [] })
}

import { err, ok, type CallOptions } from '@tidemark/core'
import type { PruneReport } from '../store/checkpoint-store.ts'
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
  const far: Entry[] = []
  for (const ref of head.segments) {
    const entries = await readSegment(view.log, ref, options)
    if (!entries.ok) return err(entries.error)
    far.push(...entries.value)
  }
  const all = [...far, ...head.entries].sort((a, b) => (a.id < b.id ? -1 : 1))
  const report = planPrune(all.flatMap(retainable), keep)
  if (report.removed.length === 0) return ok({ value: report })
  const removed = new Set(report.removed)
  const gone = all.filter(({ id, status }) => status !== 'state' && removed.has(id))
  const left = withoutEntries({ ...head, segments: [] }, gone, nowMs)
  const segment = far.filter(({ id }) => !removed.has(id))
  return ok({ head: withSegment(left, segment, seq), body: { segment }, value: report })
}

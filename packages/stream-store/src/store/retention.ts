import type { HoldReason, PruneReport } from './checkpoint-store.ts'

/** What retention needs to know of a checkpoint. */
export interface Retainable {
  readonly id: bigint
  /** A damaged one may go, but does not stand in for a committed one. */
  readonly status: 'undecided' | 'unsettled' | 'committed' | 'damaged'
}

/**
 * What a limit of `keep` takes away, from ids ascending. The newest `keep` stay. So do, whatever the
 * limit: the newest committed one, for else a run of undecided ones could push out the only
 * checkpoint that recovery can use; and every one whose sinks still have work to do.
 */
export function planPrune(checkpoints: readonly Retainable[], keep: number): PruneReport {
  const newestCommitted = checkpoints.findLast(({ status }) => status === 'committed')
  const removed: bigint[] = []
  const heldBack: { checkpointId: bigint; reason: HoldReason }[] = []
  for (const { id, status } of checkpoints.slice(0, Math.max(0, checkpoints.length - keep))) {
    if (status === 'undecided' || status === 'unsettled') {
      heldBack.push({ checkpointId: id, reason: status })
    } else if (id === newestCommitted?.id) {
      heldBack.push({ checkpointId: id, reason: 'newest-committed' })
    } else removed.push(id)
  }
  return { removed, heldBack }
}

/** Nothing was pruned. */
export const NOTHING_PRUNED: PruneReport = { removed: [], heldBack: [] }

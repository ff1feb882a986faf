import { ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { statusOf } from '../native/head.ts'
import type { PruneReport } from '../store/checkpoint-store.ts'
import { planPrune, type Retainable } from '../store/retention.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import { isDamage } from '../store/validate-stored.ts'
import {
  listNames,
  lookInto,
  readManifest,
  removeCheckpoint,
  type LaminarPlace,
} from './laminar-files.ts'

/**
 * Removes what is over the limit, oldest first; each id is told to `onGone` when it is. Orphans do not
 * count, and a manifest that could not be read for now stops it: nothing is concluded from that.
 */
export async function pruneFiles(
  place: LaminarPlace,
  keep: number,
  onGone: (id: bigint) => void,
  options?: CallOptions,
): AsyncResult<PruneReport, ReadStoreError> {
  const names = await listNames(place)
  if (!names.ok) return names
  const retainable: Retainable[] = []
  for (const id of names.value.ids) {
    const read = await readManifest(place, id, options)
    if (!read.ok && !isDamage(read.error)) return read
    if (!read.ok) retainable.push({ id, status: 'damaged' })
    else if (read.value !== undefined) {
      const status = statusOf(read.value.manifest)
      if (status !== 'state') retainable.push({ id, status })
    }
  }
  const plan = planPrune(retainable, keep)
  for (const id of plan.removed) {
    const gone = await removeCheckpoint(place, id)
    if (!gone.ok) return gone
    onGone(id)
  }
  return ok(plan)
}

/** Removes the directories without a manifest in which nothing changed since `oldestMs`. */
export async function sweepFiles(
  place: LaminarPlace,
  oldestMs: number,
  onGone: (id: bigint) => void,
): AsyncResult<number, ReadStoreError> {
  const names = await listNames(place)
  if (!names.ok) return names
  let swept = 0
  for (const id of names.value.ids) {
    const facts = await lookInto(place, id)
    if (!facts.ok) return facts
    if (facts.value.hasManifest || facts.value.modifiedMs > oldestMs) continue
    const gone = await removeCheckpoint(place, id)
    if (!gone.ok) return gone
    onGone(id)
    swept += 1
  }
  return ok(swept)
}

/** Ids whose directories hold no manifest. */
export async function findOrphans(
  place: LaminarPlace,
  ids: readonly bigint[],
): AsyncResult<bigint[], ReadStoreError> {
  const orphans: bigint[] = []
  for (const id of ids) {
    const facts = await lookInto(place, id)
    if (!facts.ok) return facts
    if (!facts.value.hasManifest) orphans.push(id)
  }
  return ok(orphans)
}

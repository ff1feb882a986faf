import { countCheckpoints, isCheckpoint } from './head.ts'
import type { Found } from './history.ts'
import type { StoreParts } from './native-store.ts'
import { blobKey } from './view.ts'
import type { StoreInspection } from './stream-store.ts'

/** A store as people want to see it. */
export function describeStore(found: Found, { store, writing }: StoreParts): StoreInspection {
  const { head, damaged } = found
  const entries = head?.entries ?? []
  const isDisplaced = writing?.ledger.isDisplaced === true
  return {
    storeId: head?.storeId,
    role: writing === undefined ? 'reader' : isDisplaced ? 'displaced' : 'writer',
    ownerEpoch: writing?.ledger.epoch,
    nextId: head?.nextId ?? 1n,
    nextEpoch: head?.nextEpoch ?? 1n,
    checkpoints: head === undefined ? 0 : countCheckpoints(head),
    newest: entries.filter(isCheckpoint).map((entry) => ({
      checkpointId: entry.id,
      epoch: entry.epoch,
      status: entry.status,
      revision: entry.seq,
      bytes: entry.bytes,
      blobs: entry.blobs.map(blobKey),
      createdMs: entry.createdMs,
    })),
    orphans: entries.filter((entry) => !isCheckpoint(entry)).map(({ id }) => id),
    garbageBlobs: (head?.garbage ?? []).reduce((sum, { blobs }) => sum + blobs.length, 0),
    damaged,
    durable: store.supports.durable,
  }
}

import { coreError, err, ok } from '@tidemark/core'
import {
  encodeManifest,
  type CheckpointManifest,
  type RequiredCheckpointStore,
} from '../../src/index.ts'
import { statusOf } from '../../src/native/head.ts'
import { planPrune } from '../../src/store/retention.ts'

/** A store in a hundred lines or less: just the seven methods, on two maps. */
export function requiredStore(): RequiredCheckpointStore {
  const manifests = new Map<bigint, CheckpointManifest>()
  const states = new Map<bigint, Uint8Array>()
  const ids = () => [...manifests.keys()].sort((a, b) => (a < b ? -1 : 1))
  const text = (manifest: CheckpointManifest) => {
    const encoded = encodeManifest(manifest, 'compact')
    return encoded.ok ? new TextDecoder().decode(encoded.value) : ''
  }
  const taken = () => err(coreError('CONFLICT', 'taken', { reason: 'taken' }))
  return {
    save: async (manifest) => {
      const encoded = encodeManifest(manifest, 'compact')
      if (!encoded.ok) return encoded
      const known = manifests.get(manifest.checkpointId)
      if (known !== undefined && text(known) !== text(manifest)) return taken()
      manifests.set(manifest.checkpointId, manifest)
      const advancedLatest = ids().at(-1) === manifest.checkpointId
      return ok({
        created: known === undefined,
        advancedLatest,
        pruned: { removed: [], heldBack: [] },
      })
    },
    loadLatest: async () => ok(manifests.get(ids().at(-1) ?? 0n)),
    loadById: async (id) => ok(manifests.get(id)),
    list: async () =>
      ok(ids().map((id) => ({ checkpointId: id, epoch: manifests.get(id)?.epoch ?? 0n }))),
    prune: async (keep) => {
      if (!(Number.isSafeInteger(keep) && keep >= 1)) {
        const details = { argument: 'keep', reason: 'too small' }
        return err(coreError('INVALID_ARGUMENT', 'keep', details))
      }
      const report = planPrune(
        [...manifests].flatMap(([id, manifest]) => {
          const status = statusOf(manifest)
          return status === 'state' ? [] : [{ id, status }]
        }),
        keep,
      )
      for (const id of report.removed) {
        manifests.delete(id)
        states.delete(id)
      }
      return ok(report)
    },
    saveStateData: async (id, chunks) => {
      const joined = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
      const known = states.get(id)
      if (known !== undefined && known.join() !== joined.join()) return taken()
      states.set(id, joined)
      return ok()
    },
    loadStateData: async (id) => ok(states.get(id)),
  }
}

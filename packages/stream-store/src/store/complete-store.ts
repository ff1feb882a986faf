import { err, ok, systemClock, toHex, type AsyncResult, type CallOptions } from '@tidemark/core'
import { DEFAULT_VNODE_COUNT, type CheckpointManifest } from '../manifest/manifest.ts'
import { beginStateChecksum, stampInline } from '../manifest/state-checksum.ts'
import type {
  CheckpointStore,
  DerivedCheckpointStore,
  RequiredCheckpointStore,
  SaveOutcome,
} from './checkpoint-store.ts'
import type { WriteStoreError } from './store-errors.ts'
import { recoverLatest } from './recover.ts'
import { validateStored } from './validate-stored.ts'

/**
 * Completes a store that has only the seven required methods (or more of its own) to one with all
 * fourteen.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { checkpointStore, openStreamStore } from '@tidemark/stream-store'
 *
 * const mine = unwrap(await openStreamStore({ store: new MemoryBlobStore() }))
 * const store = checkpointStore({
 *   save: (manifest) => mine.save(manifest),
 *   loadLatest: () => mine.loadLatest(),
 *   loadById: (id) => mine.loadById(id),
 *   list: () => mine.list(),
 *   prune: (keep) => mine.prune(keep),
 *   saveStateData: (id, chunks) => mine.saveStateData(id, chunks),
 *   loadStateData: (id) => mine.loadStateData(id),
 * })
 * unwrap(await store.recoverLatestValidated()).freshStart // => 'empty'
 * await mine.close()
 */
export function checkpointStore(
  required: RequiredCheckpointStore & Partial<DerivedCheckpointStore>,
): CheckpointStore {
  const store: CheckpointStore = {
    save: (manifest, options) => required.save(manifest, options),
    loadLatest: (options) => required.loadLatest(options),
    loadById: (id, options) => required.loadById(id, options),
    list: (options) => required.list(options),
    prune: (keep, options) => required.prune(keep, options),
    saveStateData: (id, chunks, options) => required.saveStateData(id, chunks, options),
    loadStateData: (id, options) => required.loadStateData(id, options),
    vnodeCount: () => required.vnodeCount?.() ?? DEFAULT_VNODE_COUNT,
    listIds: (options) => required.listIds?.(options) ?? listIds(required, options),
    updateManifest: (manifest, options) =>
      required.updateManifest?.(manifest, options) ?? required.save(manifest, options),
    validateCheckpoint: (id, options) =>
      required.validateCheckpoint?.(id, options) ?? validateStored(store, id, options),
    recoverLatestValidated: (options) =>
      required.recoverLatestValidated?.(options) ?? recoverLatest(store, systemClock, options),
    cleanupOrphans: (options) =>
      required.cleanupOrphans?.(options) ?? Promise.resolve<ReturnType<typeof ok<number>>>(ok(0)),
    saveWithState: (manifest, chunks, options) =>
      required.saveWithState?.(manifest, chunks, options) ??
      saveWithState(store, manifest, chunks, options),
  }
  return store
}

async function listIds(
  store: RequiredCheckpointStore,
  options?: CallOptions,
): ReturnType<CheckpointStore['listIds']> {
  const listed = await store.list(options)
  return listed.ok ? ok(listed.value.map(({ checkpointId }) => checkpointId)) : listed
}

/** State, then the manifest: a reader that sees the manifest finds the state. */
async function saveWithState(
  store: RequiredCheckpointStore,
  manifest: CheckpointManifest,
  chunks: readonly Uint8Array[] | undefined,
  options?: CallOptions,
): AsyncResult<SaveOutcome, WriteStoreError> {
  if (chunks === undefined) return store.save(stampInline(manifest), options)
  const checksum = beginStateChecksum(manifest)
  for (const chunk of chunks) checksum.update(chunk)
  const stateChecksum = toHex(checksum.digest())
  const saved = await store.saveStateData(manifest.checkpointId, chunks, options)
  return saved.ok ? store.save({ ...manifest, stateChecksum }, options) : err(saved.error)
}

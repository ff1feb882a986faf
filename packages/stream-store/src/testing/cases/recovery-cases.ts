import { bytes, check, fails, manifest, same, succeeds } from '../check.ts'
import type { StoreCase } from '../subject.ts'

/** Validation, recovery, and what damage does to them. */
export const recoveryCases: readonly StoreCase[] = [
  {
    name: 'a whole checkpoint has no issue; one that is missing or has epoch 0 is invalid',
    run: async (store) => {
      await succeeds(store.saveWithState(manifest(1), [bytes('state')]), 'save')
      const clean = await succeeds(store.validateCheckpoint(1n), 'validate')
      same([clean.valid, clean.issues], [true, []], 'clean')
      const missing = await succeeds(store.validateCheckpoint(9n), 'validate')
      check(!missing.valid && text(missing.issues).includes('not found'), 'missing')
      await succeeds(store.save(manifest(2, { epoch: 0 })), 'save')
      const zero = await succeeds(store.validateCheckpoint(2n), 'validate')
      check(!zero.valid && text(zero.issues).includes('epoch'), 'epoch 0')
    },
  },
  {
    name: 'a source nobody registered and another partition count are warnings',
    run: async (store) => {
      const odd = manifest(1, {
        sourceOffsets: { gone: { offsets: {} } },
        sourceNames: ['here'],
        sinkEpochs: { out: 1 },
        sinkCommitStatuses: { other: 'committed' },
        vnodeCount: 128,
      })
      await succeeds(store.save(odd), 'save')
      const { valid, issues } = await succeeds(store.validateCheckpoint(1n), 'validate')
      same([valid, issues.length], [true, 3], 'warnings')
      check(text(issues).includes('gone'), 'names the source')
    },
  },
  {
    name: 'recovery takes the newest valid checkpoint and says what it passed over',
    needs: ['damageManifest'],
    run: async (store, subject) => {
      for (const id of [1, 2, 3]) await succeeds(store.save(manifest(id)), 'save')
      await subject.damageManifest(store, 3n, bytes('not json'))
      const report = await succeeds(store.recoverLatestValidated(), 'recover')
      same([report.chosenId, report.chosenEpoch, report.freshStart], [2n, 2n, 'no'], 'chosen')
      same(report.skipped.length, 1, 'skipped')
      check((report.skipped[0]?.reason ?? '') !== '', 'a reason')
      same((await succeeds(store.loadLatest(), 'latest'))?.checkpointId, 2n, 'latest')
    },
  },
  {
    name: 'with every checkpoint damaged a fresh start is refused, unless it is asked for',
    needs: ['damageManifest'],
    run: async (store, subject) => {
      for (const id of [1, 2]) await succeeds(store.save(manifest(id)), 'save')
      for (const id of [1n, 2n]) await subject.damageManifest(store, id, new Uint8Array(100))
      const report = await succeeds(store.recoverLatestValidated(), 'recover')
      same([report.chosenId, report.freshStart], [undefined, 'refused'], 'refused')
      check(report.skipped.length > 0, 'skipped')
      await fails(store.loadLatest(), 'NO_USABLE_CHECKPOINT', 'loadLatest')
      const allowed = await succeeds(store.loadLatest({ allowFreshStart: true }), 'allowed')
      same(allowed, undefined, 'allowed')
    },
  },
  {
    name: 'damaged, shortened and missing state is not chosen, and never handed out',
    needs: ['damageState'],
    run: async (store, subject) => {
      const state = new Uint8Array(150_000).fill(7)
      for (const [id, how] of [
        [2n, 'flip'],
        [3n, 'remove'],
        [4n, 'shorten'],
      ] as const) {
        await succeeds(store.saveWithState(manifest(1), [state]), 'save 1')
        await succeeds(store.saveWithState(manifest(id), [state]), `save ${id}`)
        await subject.damageState(store, id, how)
        same((await succeeds(store.validateCheckpoint(id), 'validate')).valid, false, how)
        const report = await succeeds(store.recoverLatestValidated(), 'recover')
        same([report.chosenId, report.skipped[0]?.checkpointId], [1n, id], how)
        const loaded = await store.loadStateData(id)
        const isRefused = loaded.ok ? loaded.value === undefined : loaded.error.code === 'CORRUPTED'
        check(isRefused, `${how}: nothing wrong is handed out`)
      }
    },
  },
]

function text(issues: readonly { readonly message: string }[]): string {
  return issues.map(({ message }) => message).join('\n')
}

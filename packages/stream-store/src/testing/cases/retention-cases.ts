import { bytes, fails, manifest, same, succeeds } from '../check.ts'
import type { StoreCase } from '../subject.ts'

/** What goes and what stays. */
export const retentionCases: readonly StoreCase[] = [
  {
    name: 'pruning keeps the newest and says what it removed',
    run: async (store) => {
      for (const id of [1, 2, 3, 4, 5]) {
        await succeeds(store.saveWithState(manifest(id), [bytes(`state ${id}`)]), 'save')
      }
      const report = await succeeds(store.prune(2), 'prune')
      same(report, { removed: [1n, 2n, 3n], heldBack: [] }, 'report')
      same(await succeeds(store.listIds(), 'ids'), [4n, 5n], 'ids')
      same((await succeeds(store.loadLatest(), 'latest'))?.checkpointId, 5n, 'latest')
      same(await succeeds(store.loadById(1n), 'load'), undefined, 'gone')
      same(await succeeds(store.loadStateData(1n), 'state'), undefined, 'gone')
      same(await succeeds(store.loadStateData(4n), 'state'), bytes('state 4'), 'kept')
      same((await succeeds(store.prune(9), 'prune')).removed, [], 'more than there are')
    },
  },
  {
    name: 'pruning to nothing is refused',
    run: async (store) => {
      await succeeds(store.save(manifest(1)), 'save')
      for (const keep of [0, -1, 1.5, Number.NaN]) {
        await fails(store.prune(keep), 'INVALID_ARGUMENT', `prune(${keep})`)
      }
      same(await succeeds(store.listIds(), 'ids'), [1n], 'ids')
    },
  },
  {
    name: 'the newest committed checkpoint and undecided ones stay, whatever the limit',
    run: async (store) => {
      await succeeds(store.save(manifest(6)), 'save')
      await succeeds(store.save(manifest(7)), 'save')
      for (const id of [8, 9, 10]) {
        const pending = manifest(id, { sinkCommitStatuses: { out: 'pending' } })
        await succeeds(store.save(pending), 'save')
      }
      const report = await succeeds(store.prune(1), 'prune')
      same(report.removed, [6n], 'removed')
      same(
        report.heldBack,
        [
          { checkpointId: 7n, reason: 'newest-committed' },
          { checkpointId: 8n, reason: 'undecided' },
          { checkpointId: 9n, reason: 'undecided' },
        ],
        'held back',
      )
    },
  },
  {
    name: 'every save keeps the limit that the store was opened with',
    options: { keep: 2 },
    run: async (store) => {
      for (const id of [1, 2, 3, 4, 5]) await succeeds(store.save(manifest(id)), 'save')
      same(await succeeds(store.listIds(), 'ids'), [4n, 5n], 'ids')
      const outcome = await succeeds(store.save(manifest(6)), 'save')
      same(outcome.pruned.removed, [4n], 'pruned')
    },
  },
  {
    name: 'state without a manifest does not count as a checkpoint that is kept',
    run: async (store) => {
      await succeeds(store.saveWithState(manifest(10), [bytes('ten')]), 'save')
      await succeeds(store.saveStateData(11n, [bytes('orphan')]), 'state')
      await succeeds(store.prune(1), 'prune')
      same((await succeeds(store.loadLatest(), 'latest'))?.checkpointId, 10n, 'latest')
      same(await succeeds(store.loadStateData(10n), 'state'), bytes('ten'), 'state')
    },
  },
  {
    name: 'orphans are swept, everything else stays, and a second sweep finds nothing',
    needs: ['sweeps'],
    run: async (store) => {
      await succeeds(store.saveWithState(manifest(1), [bytes('one')]), 'save')
      await succeeds(store.saveStateData(2n, [bytes('orphan')]), 'state')
      same(await succeeds(store.cleanupOrphans(), 'sweep'), 1, 'swept')
      same(await succeeds(store.loadStateData(2n), 'state'), undefined, 'gone')
      same(await succeeds(store.loadStateData(1n), 'state'), bytes('one'), 'stays')
      same(await succeeds(store.cleanupOrphans(), 'sweep'), 0, 'again')
    },
  },
]

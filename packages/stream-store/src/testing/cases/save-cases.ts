import { bytes, check, fails, manifest, same, succeeds } from '../check.ts'
import type { StoreCase } from '../subject.ts'

/** Saving and loading manifests. */
export const saveCases: readonly StoreCase[] = [
  {
    name: 'an empty store has nothing, says so, and offers a fresh start',
    run: async (store) => {
      same(await succeeds(store.loadLatest(), 'loadLatest'), undefined, 'latest')
      same(await succeeds(store.loadById(1n), 'loadById'), undefined, 'by id')
      same(await succeeds(store.loadStateData(1n), 'loadStateData'), undefined, 'state')
      same(await succeeds(store.list(), 'list'), [], 'list')
      same(await succeeds(store.listIds(), 'listIds'), [], 'ids')
      const report = await succeeds(store.recoverLatestValidated(), 'recover')
      same([report.chosenId, report.examined, report.freshStart], [undefined, 0, 'empty'], 'report')
    },
  },
  {
    name: 'the newest of five saves is the latest, and an id that was never saved is absent',
    run: async (store) => {
      for (const id of [1, 2, 3, 4, 5]) await succeeds(store.save(manifest(id)), `save ${id}`)
      same((await succeeds(store.loadLatest(), 'latest'))?.checkpointId, 5n, 'latest')
      same(await succeeds(store.loadById(99n), 'by id'), undefined, '99')
    },
  },
  {
    name: 'ids may come in any order: lists ascend and the latest is the highest',
    run: async (store) => {
      for (const id of [1, 3, 2]) await succeeds(store.save(manifest(id)), `save ${id}`)
      const listed = await succeeds(store.list(), 'list')
      same(
        listed,
        [1n, 2n, 3n].map((id) => ({ checkpointId: id, epoch: id })),
        'list',
      )
      same((await succeeds(store.loadLatest(), 'latest'))?.checkpointId, 3n, 'latest')
    },
  },
  {
    name: 'ids are ordered as numbers, however many digits they have',
    run: async (store) => {
      const ids = [999_999n, 1_000_000n, 10_000_000n, 9n]
      for (const id of ids) await succeeds(store.save(manifest(id)), `save ${id}`)
      same(await succeeds(store.listIds(), 'ids'), [9n, 999_999n, 1_000_000n, 10_000_000n], 'ids')
      same((await succeeds(store.loadLatest(), 'latest'))?.checkpointId, 10_000_000n, 'latest')
    },
  },
  {
    name: 'a lower id after a higher one is stored and does not move the latest back',
    run: async (store) => {
      const first = await succeeds(store.save(manifest(10)), 'save 10')
      const second = await succeeds(store.save(manifest(5)), 'save 5')
      same([first.advancedLatest, second.advancedLatest], [true, false], 'advanced')
      same((await succeeds(store.loadLatest(), 'latest'))?.checkpointId, 10n, 'latest')
      same(await succeeds(store.listIds(), 'ids'), [5n, 10n], 'ids')
    },
  },
  {
    name: 'every field comes back exactly: u64, i64, names of any kind',
    run: async (store) => {
      const saved = manifest(18_446_744_073_709_551_615n, {
        epoch: 9_007_199_254_740_993n,
        pipelineHash: 16_045_690_984_835_258_932n,
        watermark: -9_223_372_036_854_775_808n,
        sourceWatermarks: { a: 9_223_372_036_854_775_807n },
        sourceOffsets: new Map([
          ['__proto__', { offsets: { 'partition-0': '1234' }, metadata: { ключ: '\u{1f600}' } }],
          ['constructor', { offsets: {} }],
        ]),
        sinkEpochs: { out: 7 },
        sinkCommitStatuses: { out: 'committed', other: { failed: 'why\n"not"' } },
        tableStoreCheckpointPath: '/a/b',
        sourceNames: ['__proto__', 'constructor'],
        sinkNames: ['out'],
        vnodeCount: 65_535,
      })
      await succeeds(store.save(saved), 'save')
      same(await succeeds(store.loadById(saved.checkpointId), 'load'), saved, 'manifest')
      same(await succeeds(store.loadLatest(), 'latest'), saved, 'latest')
    },
  },
  {
    name: 'the same manifest twice is one checkpoint; another under its id is refused',
    run: async (store) => {
      await succeeds(store.save(manifest(1)), 'save')
      same((await succeeds(store.save(manifest(1)), 'again')).created, false, 'created')
      const other = manifest(1, { watermark: 5 })
      await fails(store.save(other), 'CONFLICT', 'another manifest')
      same(await succeeds(store.loadById(1n), 'load'), manifest(1), 'the first')
    },
  },
  {
    name: 'what cannot be written is refused, and nothing is stored',
    run: async (store) => {
      for (const bad of [
        manifest(1, { epoch: -1n }),
        manifest(1, { vnodeCount: 65_536 }),
        manifest(1, { watermark: 2n ** 63n }),
        manifest(1, { sourceNames: ['\ud800'] }),
      ]) {
        await fails(store.save(bad), 'ENCODE_FAILED', 'save')
      }
      same(await succeeds(store.listIds(), 'ids'), [], 'ids')
    },
  },
  {
    name: 'an update replaces the manifest, and only that of a checkpoint that exists',
    needs: ['updates'],
    run: async (store) => {
      const pending = manifest(1, { sinkCommitStatuses: { out: 'pending' } })
      await succeeds(store.saveWithState(pending, [bytes('state')]), 'save')
      const found = await succeeds(store.loadById(1n), 'load')
      check(found !== undefined, 'it is there')
      if (found === undefined) return
      const done = {
        ...found,
        watermark: 42n,
        sinkCommitStatuses: new Map([['out', 'committed' as const]]),
      }
      await succeeds(store.updateManifest(done), 'update')
      same(await succeeds(store.loadById(1n), 'load'), done, 'updated')
      same(await succeeds(store.loadStateData(1n), 'state'), bytes('state'), 'state')
      await fails(store.updateManifest(manifest(2)), 'CHECKPOINT_NOT_FOUND', 'no such id')
      same(await succeeds(store.listIds(), 'ids'), [1n], 'ids')
    },
  },
  {
    name: 'what was saved is there after a restart',
    needs: ['reopen'],
    run: async (store, subject) => {
      await succeeds(store.saveWithState(manifest(1), [bytes('one')]), 'save')
      const again = await subject.reopen(store)
      same((await succeeds(again.loadLatest(), 'latest'))?.checkpointId, 1n, 'latest')
      same(await succeeds(again.loadStateData(1n), 'state'), bytes('one'), 'state')
      await succeeds(again.saveWithState(manifest(2), [bytes('two')]), 'save 2')
      same(await succeeds(again.listIds(), 'ids'), [1n, 2n], 'ids')
      await subject.close(again)
    },
  },
  {
    name: 'who was taken over is fenced, and what it tried is not there',
    needs: ['reopen', 'updates'],
    run: async (store, subject) => {
      await succeeds(store.saveWithState(manifest(1), [bytes('one')]), 'save')
      const other = await subject.reopen(store)
      await fails(store.saveWithState(manifest(2), [bytes('late')]), 'FENCED', 'save')
      await fails(store.save(manifest(3)), 'FENCED', 'save')
      await fails(store.prune(1), 'FENCED', 'prune')
      await fails(store.updateManifest(manifest(1)), ['FENCED', 'CONFLICT'], 'update')
      await succeeds(other.saveWithState(manifest(2), [bytes('two')]), 'save')
      same((await succeeds(other.loadLatest(), 'latest'))?.checkpointId, 2n, 'latest')
      same(await succeeds(other.loadStateData(2n), 'state'), bytes('two'), 'state')
      await subject.close(other)
    },
  },
]

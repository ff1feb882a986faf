import { unwrap, type BlobStore } from '@tidemark/core'
import type { RunContext } from '../steps/run-context.ts'
import { countingStore } from './counting-store.ts'
import { expectCode, expectEqual } from './expect.ts'
import type { CaseTable } from './operation-contract.ts'
import { historyOf, keysOf, open, read, run } from './subject.ts'

/** Everything but the smallest values is large. */
const SMALL: { readonly stageAboveBytes: number } = { stageAboveBytes: 100 }

const large = (n: number): string => `${n} `.repeat(100)

/** The blobs beside the log. */
async function stagedIn(store: BlobStore): Promise<number> {
  return (await keysOf(store)).filter((key) => key.includes('.b/')).length
}

/** Lets something happen right before the first read of a staged blob. */
function beforeRead(store: BlobStore, happen: () => Promise<unknown>): BlobStore {
  let isFirst = true
  const get: BlobStore['get'] = async (key, options) => {
    if (isFirst && key.includes('.b/')) {
      isFirst = false
      await happen()
    }
    return store.get(key, options)
  }
  const { store: rest } = countingStore(store)
  return { ...rest, get }
}

export const largeCases: CaseTable = {
  'a payload that no record can hold comes back as it was': async (store) => {
    const op = await open(store)
    const payload = new Uint8Array(17 * 1024 * 1024 + 1).map((_, i) => i % 251)
    const ref = unwrap(await op.checkpoint('large', payload))
    expectEqual(ref.sizeBytes, payload.length, 'its size')
    const loaded = unwrap(await op.load(ref.id)).payload
    const isSame =
      loaded instanceof Uint8Array &&
      loaded.length === payload.length &&
      loaded.every((byte, i) => byte === i % 251)
    expectEqual(isSame, true, 'it came back')
    expectEqual(await stagedIn(store), 1, 'blobs')
    await op.close()
  },
  'large payloads lie beside the log and go when they are given up': async (store) => {
    const op = await open(store, SMALL)
    const all = [0, 1, 2, 3, 4, 5].map((n) => op.checkpoint(String(n), n === 3 ? n : large(n)))
    const ids = (await Promise.all(all)).map((ref) => unwrap(ref).id)
    expectEqual(await stagedIn(store), 5, 'one for each large payload')
    unwrap(await op.compact({ keepLast: 2, keepLabels: ['1'] }))
    expectEqual(await stagedIn(store), 3, 'what is kept')
    expectEqual(unwrap(await op.load(ids[1] ?? '')).payload, large(1), 'one that is kept')
    expectCode(await op.load(ids[0] ?? ''), 'CHECKPOINT_NOT_FOUND', 'one that is not')
    unwrap(await op.compact('last'))
    expectEqual([await stagedIn(store), (await historyOf(op)).length], [1, 1], 'the latest')
    expectEqual(unwrap(await op.latest())?.payload, large(5), 'its payload')
    unwrap(await op.clear())
    expectEqual(await stagedIn(store), 0, 'after clear')
    unwrap(await op.checkpoint('again', large(6)))
    unwrap(await op.complete(large(7)))
    expectEqual(await stagedIn(store), 1, 'the result')
    await op.close()
    expectEqual(unwrap(await (await read(store)).status()).result, large(7), 'the result')
    const again = await open(store, { restart: true })
    expectEqual(await stagedIn(store), 0, 'after starting over')
    await again.close()
  },
  'large results are skipped, folded and kept, and go with their steps': async (store) => {
    let calls = 0
    const count = 270
    const steps = async (ctx: RunContext): Promise<string> => {
      const map = { key: (n: number) => n, concurrency: 20 }
      const items = Array.from({ length: count }, (_, n) => n)
      const results = await ctx.map('item', items, map, (n) => ((calls += 1), large(n)))
      return results.every((result, n) => result === large(n)) ? large(count) : 'wrong'
    }
    unwrap(await run(store, steps, { ...SMALL, keepOpen: true }))
    const op = await open(store, SMALL)
    unwrap(await op.checkpoint('x', 1))
    unwrap(await op.compact('kept'))
    await op.close()
    expectEqual(await stagedIn(store), count, 'one for each result')
    expectEqual(
      unwrap(await run(store, steps, { ...SMALL, keepOpen: true })),
      large(count),
      'again',
    )
    expectEqual([calls, await stagedIn(store)], [count, count], 'nothing ran twice')
    expectEqual(unwrap(await run(store, steps, SMALL)), large(count), 'to the end')
    expectEqual([calls, await stagedIn(store)], [count, 1], 'the result of the run is left')
    expectEqual(unwrap(await run(store, steps, SMALL)), large(count), 'completed')
  },
  'dropping steps drops their large results': async (store) => {
    const steps = (ctx: RunContext): Promise<string> => ctx.step('a', () => large(1))
    unwrap(await run(store, steps, { ...SMALL, keepOpen: true }))
    const op = await open(store, SMALL)
    unwrap(await op.checkpoint('x', large(2)))
    unwrap(await op.compact({ dropSteps: true }))
    expectEqual(await stagedIn(store), 1, 'the checkpoint')
    expectEqual(unwrap(await op.latest())?.payload, large(2), 'latest')
    await op.close()
  },
  'what its owner gives up while it is read is read anew': async (store) => {
    const op = await open(store, SMALL)
    const { id } = unwrap(await op.checkpoint('old', large(1)))
    const next = async (): Promise<unknown> => {
      unwrap(await op.checkpoint('new', large(2)))
      return unwrap(await op.compact('new'))
    }
    const reader = await read(beforeRead(store, next))
    expectEqual(unwrap(await reader.latest())?.payload, large(2), 'latest')
    const late = await read(beforeRead(store, () => op.clear()))
    const newest = unwrap(await op.latest())?.id ?? ''
    expectCode(await late.load(newest), 'CHECKPOINT_NOT_FOUND', 'what was cleared')
    expectCode(await late.load(id), 'CHECKPOINT_NOT_FOUND', 'the old one')
    unwrap(await op.complete(large(3)))
    const last = unwrap(await (await read(beforeRead(store, () => op.clear()))).status())
    expectEqual([last.state, last.result], ['fresh', undefined], 'status')
    await op.close()
  },
  'a large payload costs one more put, and lists nothing': async (store) => {
    const counting = countingStore(store)
    // Signs of life are puts, too: there are none in so short a time.
    const op = await open(counting.store, { ...SMALL, staleAfterMs: 60_000 })
    for (let i = 0; i < 3; i++) {
      counting.reset()
      unwrap(await op.checkpoint('x', large(i)))
      expectEqual([counting.calls.get('put'), counting.calls.get('list')], [2, undefined], 'calls')
    }
    await op.close()
  },
}

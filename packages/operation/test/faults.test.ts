import { isDeepStrictEqual } from 'node:util'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { FaultyBlobStore, type Fault } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { act, apply, newModel, openEagerly, stagedIn, view, viewOf, type Model } from './support.ts'

const SEQUENCES: Readonly<Record<string, readonly string[]>> = {
  small: ['checkpoint a', 'checkpoint b', 'compact x', 'checkpoint c', 'clear', 'checkpoint d'],
  large: ['large a', 'checkpoint b', 'large c', 'compact x', 'large d', 'complete large'],
}

/**
 * Does the acts on a store of which one call goes wrong, opening again whenever the operation is
 * lost. Gives the models that are possible afterwards.
 */
async function perform(store: FaultyBlobStore, acts: readonly string[]): Promise<Model[]> {
  let models = [newModel()]
  let opened = await openEagerly(store)
  for (const name of acts) {
    // Opening may fail once, for there is one fault; the operation is as it was.
    if (!opened.ok) opened = await openEagerly(store)
    const op = unwrap(opened)
    const done = await act(op, name)
    const applied = models.map((model) => apply(model, name))
    if (done.ok) models = applied
    else if (done.error.code === 'OUTCOME_UNKNOWN') models = [...models, ...applied]
    if (done.ok || done.error.kind === 'unavailable') continue
    await op.close()
    opened = await openEagerly(store)
  }
  if (opened.ok) await opened.value.close()
  return models
}

async function callsOf(acts: readonly string[]): Promise<number> {
  const store = new FaultyBlobStore(new MemoryBlobStore())
  await perform(store, acts)
  return store.calls.length
}

const faults: readonly Fault[] = ['failed', 'full', 'dropped', 'lost', 'late']

describe('when one call of the medium goes wrong', () => {
  for (const [size, acts] of Object.entries(SEQUENCES)) {
    for (const fault of faults) {
      it(`${fault}, at every index, ${size}: what was acknowledged is there, what failed is not`, async () => {
        const count = await callsOf(acts)
        expect(count).toBeGreaterThan(30)
        for (let bad = 0; bad < count; bad++) {
          const medium = new MemoryBlobStore()
          const plan = ({ index }: { index: number }): Fault | undefined =>
            index === bad ? fault : undefined
          const store = new FaultyBlobStore(medium, { plan })
          const models = await perform(store, acts)
          await store.releaseLate()
          const op = unwrap(await openEagerly(medium))
          const found = await view(op)
          const views = models.map(viewOf)
          if (!views.some((one) => isDeepStrictEqual(one, found))) {
            expect({ bad, found }).toEqual({ bad, found: views })
          }
          unwrap(await op.clear())
          expect({ bad, staged: await stagedIn(medium) }).toEqual({ bad, staged: [] })
          await op.close()
        }
      })
    }
  }

  it('a lost answer of a blob beside the log is settled', async () => {
    const plan = ({ operation, key }: { operation: string; key: string }): Fault | undefined =>
      operation === 'put' && key.includes('.b/') && (seen += 1) < 3 ? 'lost' : undefined
    let seen = 0
    const store = new FaultyBlobStore(new MemoryBlobStore(), { plan })
    const op = unwrap(await openEagerly(store))
    unwrap(await act(op, 'large a'))
    expect(seen).toBe(3)
    await op.close()
  })
})

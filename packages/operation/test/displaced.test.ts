import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { FaultyBlobStore } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { runOperation, type RunContext } from '../src/index.ts'
import { act, eagerClock, openEagerly, stagedIn, view } from './support.ts'

/** Runs so many steps; counts those that really run. */
async function steps(store: BlobStore, count: number): Promise<{ ran: number; code: string }> {
  let ran = 0
  const body = async (ctx: RunContext): Promise<void> => {
    for (let key = 0; key < count; key++) await ctx.step('n', { key }, () => void (ran += 1))
  }
  const options = { store, name: 'op', clock: eagerClock(), keepOpen: true }
  const done = await runOperation(options, body)
  return { ran, code: done.ok ? 'done' : done.error.code }
}

interface Call {
  readonly operation: string
  readonly key: string
}

/** A gate at which an owner falls asleep before a call, until it is woken. */
function sleepBefore(isIt: (call: Call) => boolean): {
  readonly gate: (call: Call) => Promise<void>
  readonly sleeps: Promise<void>
  readonly wake: () => void
} {
  let wake: () => void = () => undefined
  let asleep: () => void = () => undefined
  const sleeps = new Promise<void>((resolve) => (asleep = resolve))
  const sleep = new Promise<void>((resolve) => (wake = resolve))
  const gate = async (call: Call): Promise<void> => {
    if (!isIt(call)) return
    asleep()
    await sleep
  }
  return { gate, sleeps, wake: () => wake() }
}

describe('an owner that slept in the middle of a compaction', () => {
  it('does not give up the steps of its successor', async () => {
    const medium = new MemoryBlobStore()
    // It falls asleep right before its floor: what it keeps is written, what it gives up is not.
    const { gate, sleeps, wake } = sleepBefore(({ operation, key }) => {
      return operation === 'put' && /\.f[0-9]+$/.test(key)
    })
    const sleeper = unwrap(await openEagerly(new FaultyBlobStore(medium, { gate })))
    for (const label of ['a', 'b', 'c']) unwrap(await sleeper.checkpoint(label, label))
    const compacting = sleeper.compact('all')
    await sleeps
    expect(await steps(medium, 1200)).toEqual({ ran: 1200, code: 'done' })
    wake()
    // It was recorded before the owner slept, and that is all that is promised.
    expect(unwrap(await compacting)).toMatchObject({ kept: 1, removed: 2 })
    expect((await sleeper.checkpoint('d', 'd')).ok).toBe(false)
    expect(await steps(medium, 1200)).toEqual({ ran: 0, code: 'done' })
    const reader = unwrap(await openEagerly(medium))
    expect(unwrap(await reader.latest())).toMatchObject({ label: 'all', payload: 'c' })
    await reader.close()
  })

  it('does not delete what its successor has staged', async () => {
    const medium = new MemoryBlobStore()
    // It falls asleep when it has given up the others, right before it looks for their blobs.
    const { gate, sleeps, wake } = sleepBefore(({ operation }) => operation === 'list')
    const sleeper = unwrap(await openEagerly(new FaultyBlobStore(medium, { gate })))
    unwrap(await act(sleeper, 'large a'))
    unwrap(await act(sleeper, 'large b'))
    const compacting = sleeper.compact('all')
    await sleeps
    const taker = unwrap(await openEagerly(medium))
    unwrap(await act(taker, 'large c'))
    wake()
    unwrap(await compacting)
    expect(await view(taker)).toMatchObject({
      history: [expect.stringMatching(/^1 all /), expect.stringMatching(/^2 c /)],
    })
    expect(await stagedIn(medium)).toHaveLength(2)
    await taker.close()
  })

  it('does not delete what its successor has staged and is about to name', async () => {
    const medium = new MemoryBlobStore()
    const old = sleepBefore(({ operation }) => operation === 'list')
    const sleeper = unwrap(await openEagerly(new FaultyBlobStore(medium, { gate: old.gate })))
    unwrap(await act(sleeper, 'large a'))
    const compacting = sleeper.compact('all')
    await old.sleeps
    let isTaken = false
    const young = sleepBefore(({ operation, key }) => {
      return isTaken && operation === 'put' && /\.r[0-9]+$/.test(key)
    })
    const taker = unwrap(await openEagerly(new FaultyBlobStore(medium, { gate: young.gate })))
    isTaken = true
    const checkpoint = act(taker, 'large c')
    await young.sleeps
    old.wake()
    unwrap(await compacting)
    young.wake()
    unwrap(await checkpoint)
    expect((await view(taker)).history).toHaveLength(2)
    await taker.close()
  })

  it('does not delete what its successor names in folds', async () => {
    const medium = new MemoryBlobStore()
    const large = (key: number): string => `${key} `.repeat(100)
    let ran = 0
    const results = (store: BlobStore, count: number): Promise<unknown> =>
      runOperation(
        { store, name: 'op', clock: eagerClock(), keepOpen: true, stageAboveBytes: 100 },
        async (ctx) => {
          for (let key = 0; key < count; key++) {
            await ctx.step('n', { key }, () => ((ran += 1), key < 5 ? large(key) : key))
          }
        },
      )
    // A compaction is recorded, but nothing can be given up; then come results.
    const plan = ({ operation, key }: Call): 'failed' | undefined =>
      operation === 'put' && /\.f[0-9]+$/.test(key) ? 'failed' : undefined
    const store = new FaultyBlobStore(medium, { plan })
    const first = unwrap(await openEagerly(store))
    for (const label of ['a', 'b']) unwrap(await first.checkpoint(label, label))
    expect(unwrap(await first.compact('all')).isSwept).toBe(false)
    await first.close()
    await results(store, 5)
    // Whoever opens it makes up for that, and falls asleep before it looks for blobs.
    const { gate, sleeps, wake } = sleepBefore(({ operation, key }) => {
      return operation === 'list' && key.endsWith('.b/')
    })
    const opening = openEagerly(new FaultyBlobStore(medium, { gate }))
    await sleeps
    await results(medium, 300)
    wake()
    await unwrap(await opening).close()
    expect(await stagedIn(medium)).toHaveLength(5)
    expect(await results(medium, 300)).toEqual({ ok: true, value: undefined })
    expect(ran).toBe(300)
  })
})

describe('an owner that was displaced between staging and its record', () => {
  for (const wakes of [true, false]) {
    it(`leaves nothing behind ${wakes ? 'when it wakes up' : 'after the next compaction'}`, async () => {
      const medium = new MemoryBlobStore()
      const { gate, sleeps, wake } = sleepBefore(({ operation, key }) => {
        return operation === 'put' && key.endsWith('.r4')
      })
      const sleeper = unwrap(await openEagerly(new FaultyBlobStore(medium, { gate })))
      unwrap(await act(sleeper, 'large a'))
      const late = act(sleeper, 'large b')
      await sleeps
      expect(await stagedIn(medium)).toHaveLength(2)
      const taker = unwrap(await openEagerly(medium))
      unwrap(await act(taker, 'large c'))
      if (wakes) {
        wake()
        expect(await late).toMatchObject({ ok: false, error: { code: 'FENCED' } })
      }
      expect(await stagedIn(medium)).toHaveLength(wakes ? 2 : 3)
      unwrap(await act(taker, 'compact all'))
      expect(await stagedIn(medium)).toHaveLength(1)
      expect(unwrap(await taker.latest())).toMatchObject({ label: 'all' })
      await taker.close()
    })
  }
})

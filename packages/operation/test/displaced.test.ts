import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { FaultyBlobStore } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { runOperation, type RunContext } from '../src/index.ts'
import { eagerClock, openEagerly } from './support.ts'

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

describe('an owner that slept in the middle of a compaction', () => {
  it('does not give up the steps of its successor', async () => {
    const medium = new MemoryBlobStore()
    let wake: () => void = () => undefined
    let asleep: () => void = () => undefined
    const sleeps = new Promise<void>((resolve) => (asleep = resolve))
    const sleep = new Promise<void>((resolve) => (wake = resolve))
    // It falls asleep right before its floor: what it keeps is written, what it gives up is not.
    const gate = async ({ operation, key }: { operation: string; key: string }): Promise<void> => {
      if (operation !== 'put' || !/\.f[0-9]+$/.test(key)) return
      asleep()
      await sleep
    }
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
})

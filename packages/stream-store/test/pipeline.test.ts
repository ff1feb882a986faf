import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { openStreamStore, pipelineCheckpoints, type PipelineOptions } from '../src/index.ts'

const open = async (medium: MemoryBlobStore) => unwrap(await openStreamStore({ store: medium }))

/** Numbers from 1 to `end`, in two partitions. */
async function* numbers(offsets: ReadonlyMap<string, string>, end: number) {
  const next = Math.max(0, ...[...offsets.values()].map(Number)) + 1
  for (let n = next; n <= end; n++) {
    yield { value: n, offset: String(n), partition: n % 2 === 0 ? 'even' : 'odd' }
  }
}

class Crash extends Error {}

/** The sum of 1 to 100 over runs that crash wherever they are told. */
function sum(
  store: Awaited<ReturnType<typeof open>>,
  rest: Partial<PipelineOptions<number, number>> = {},
) {
  return pipelineCheckpoints<number, number>({
    store,
    source: (offsets) => numbers(offsets, 100),
    initial: 0,
    parse: Number,
    reduce: (total, n) => total + n,
    every: { items: 7 },
    ...rest,
  })
}

describe('a pipeline', () => {
  it('has every item in its state exactly once, wherever its runs crash', async () => {
    const medium = new MemoryBlobStore()
    let crashes = 0
    for (const at of [1, 7, 8, 13, 50, 51, 70, 99, 100]) {
      const store = await open(medium)
      const run = sum(store, {
        reduce: (total, n) => {
          if (n === at) throw new Crash()
          return total + n
        },
      })
      await expect(run).rejects.toThrow(Crash)
      crashes += 1
    }
    const report = unwrap(await sum(await open(medium)))
    expect(report.state).toBe(5050)
    expect(report.resumedFrom?.offsets.get('even')).toBe('98')
    expect(crashes).toBe(9)
  })

  it('drives a sink again with the same epoch and state, until it is known to have returned', async () => {
    const medium = new MemoryBlobStore()
    const seen = new Map<bigint, number>()
    let calls = 0
    const sink: NonNullable<PipelineOptions<number, number>['sink']> = (total, { epoch }) => {
      calls += 1
      const known = seen.get(epoch)
      if (known !== undefined) expect(total).toBe(known)
      seen.set(epoch, total)
      if (calls % 3 === 0) throw new Crash()
    }
    let report: number | undefined
    for (let run = 0; run < 50 && report === undefined; run++) {
      const store = await open(medium)
      try {
        report = unwrap(await sum(store, { sink })).state
      } catch (error) {
        expect(error).toBeInstanceOf(Crash)
      }
    }
    expect(report).toBe(5050)
    expect([...seen.values()].at(-1)).toBe(5050)
    expect(calls).toBeGreaterThan(seen.size)
    expect([...seen.keys()]).toEqual([...seen.keys()].sort((a, b) => (a < b ? -1 : 1)))
  })

  it('saves after the time, also when no further item comes', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    let release = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const run = sum(store, {
      every: { items: 1000, ms: 20 },
      source: async function* () {
        yield { value: 1, offset: '1' }
        await gate
      },
    })
    await expect.poll(async () => unwrap(await store.listIds()).length, { timeout: 20_000 }).toBe(1)
    release()
    expect(unwrap(await run)).toMatchObject({ state: 1, items: 1, checkpoints: 1 })
  })

  it('stops when another process takes over', async () => {
    const medium = new MemoryBlobStore()
    const first = await open(medium)
    await open(medium)
    expect(await sum(first)).toMatchObject({ ok: false, error: { code: 'FENCED' } })
  })

  it('does not begin anew over checkpoints that cannot be used, unless told to', async () => {
    const medium = new MemoryBlobStore()
    const store = await open(medium)
    unwrap(await sum(store))
    const all = unwrap(await store.inspect()).newest
    for (const { revision } of all) unwrap(await medium.put(`log/r${revision}`, new Uint8Array(9)))
    expect(await sum(store)).toMatchObject({ error: { code: 'NO_USABLE_CHECKPOINT' } })
    expect(unwrap(await sum(store, { allowFreshStart: true })).state).toBe(5050)
  })

  it('refuses saved state that is not what it expects', async () => {
    const store = await open(new MemoryBlobStore())
    unwrap(await sum(store))
    const parse = () => {
      throw new Error('another shape')
    }
    expect(await sum(store, { parse })).toMatchObject({ error: { code: 'DECODE_FAILED' } })
  })

  it('ends by its signal, and goes on from its last checkpoint', async () => {
    const medium = new MemoryBlobStore()
    const stop = new AbortController()
    const reduce = (total: number, n: number) => {
      if (n === 30) stop.abort()
      return total + n
    }
    const aborted = await sum(await open(medium), { signal: stop.signal, reduce })
    expect(aborted).toMatchObject({ error: { code: 'ABORTED' } })
    const report = unwrap(await sum(await open(medium)))
    expect(report.state).toBe(5050)
    expect(report.items).toBe(100 - 28)
  })
})

import { describe, expect, it } from 'vitest'
import { readAhead } from '../src/history/read-ahead.ts'

/** Numbers from 1 on, and how many of them were asked for. */
function source(count: number, failure?: Error) {
  const state = { given: 0, isLeft: false }
  async function* numbers(): AsyncGenerator<number, void> {
    try {
      while (state.given < count) yield (state.given += 1)
      if (failure !== undefined) throw failure
    } finally {
      state.isLeft = true
    }
  }
  return { state, numbers: numbers() }
}

async function all(items: AsyncIterable<number>): Promise<number[]> {
  const taken: number[] = []
  for await (const item of items) taken.push(item)
  return taken
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
const each = (maxWeight: number) => ({ weigh: () => 1, maxWeight })

describe('reading ahead', () => {
  it('gives everything, in order', async () => {
    const { numbers } = source(100)
    expect(await all(readAhead(numbers, each(7)))).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
  })

  it('reads on while the taker is busy, and no further than it may', async () => {
    const { state, numbers } = source(100)
    const ahead = readAhead(numbers, each(8))
    expect(state.given).toBe(0)
    await ahead.next()
    await settled()
    // The one that was taken, those that wait, and no other.
    expect(state.given).toBe(9)
    await ahead.next()
    await settled()
    expect(state.given).toBe(10)
    await ahead.return()
  })

  it('gives an item that is heavier than all that may wait', async () => {
    const { numbers } = source(5)
    const ahead = readAhead(numbers, { weigh: () => 1000, maxWeight: 10 })
    expect(await all(ahead)).toEqual([1, 2, 3, 4, 5])
  })

  it('throws what the source throws, after what came before', async () => {
    const failure = new Error('no more')
    const { numbers } = source(3, failure)
    const taken: number[] = []
    const taking = async (): Promise<void> => {
      for await (const number of readAhead(numbers, each(100))) taken.push(number)
    }
    await expect(taking()).rejects.toBe(failure)
    expect(taken).toEqual([1, 2, 3])
  })

  it('leaves the source when it is left', async () => {
    const { state, numbers } = source(100)
    for await (const number of readAhead(numbers, each(8))) if (number === 3) break
    expect(state.isLeft).toBe(true)
    expect(state.given).toBeLessThan(20)
  })
})

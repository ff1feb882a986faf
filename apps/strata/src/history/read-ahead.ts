/** How far a reader goes ahead of the taker. */
export interface AheadOptions<T> {
  /** How much room an item takes. */
  readonly weigh: (item: T) => number
  /** No more is read while what waits to be taken weighs as much. */
  readonly maxWeight: number
}

/**
 * Reads on while the taker is busy with something that is not reading: saving the place, say. What
 * the source throws is thrown when all that came before it was taken. Leaving the loop early leaves
 * the source, after the item that it is at.
 */
export async function* readAhead<T>(
  source: AsyncIterable<T>,
  { weigh, maxWeight }: AheadOptions<T>,
): AsyncGenerator<T, void> {
  const waiting: T[] = []
  let [weight, isLeft] = [0, false]
  let wakeReader = (): void => undefined
  let wakeTaker = (): void => undefined
  const isFull = (): boolean => weight >= maxWeight && !isLeft
  const read = async (): Promise<void> => {
    for await (const item of source) {
      waiting.push(item)
      weight += weigh(item)
      wakeTaker()
      while (isFull()) await new Promise<void>((wake) => (wakeReader = wake))
      if (isLeft) return
    }
  }
  let isOver = false
  const reading = read().finally(() => {
    isOver = true
    wakeTaker()
  })
  // Whoever takes the last item hears of a failure; nobody else needs to.
  reading.catch(() => undefined)
  try {
    for (;;) {
      const item = waiting.shift()
      if (item !== undefined) {
        weight -= weigh(item)
        wakeReader()
        yield item
      } else if (isOver) {
        return await reading
      } else {
        await new Promise<void>((wake) => (wakeTaker = wake))
      }
    }
  } finally {
    isLeft = true
    wakeReader()
    await reading.catch(() => undefined)
  }
}

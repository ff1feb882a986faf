/** Runs a call for each item, so many at a time. */
export async function forEachLimited<T>(
  items: readonly T[],
  limit: number,
  call: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries()
  const work = async (): Promise<void> => {
    // All workers take from the one iterator.
    for (const [index, item] of entries) await call(item, index)
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
}

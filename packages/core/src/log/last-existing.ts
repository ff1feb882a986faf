import { ok, type AsyncResult } from '../result/result.ts'

/**
 * The last of a run of numbers that exist, given one that does (or the place before the first).
 * Doubles its steps, then bisects: as many questions as the distance has bits, twice.
 *
 * Never steps by one: a writer that appends once per question would be chased for ever.
 */
export async function lastExisting<E>(
  known: number,
  exists: (n: number) => AsyncResult<boolean, E>,
): AsyncResult<number, E> {
  let low = known
  let step = 1
  for (; low + step < Number.MAX_SAFE_INTEGER; step *= 2) {
    const there = await exists(low + step)
    if (!there.ok) return there
    if (!there.value) break
    low += step
  }
  let high = low + step
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    const there = await exists(middle)
    if (!there.ok) return there
    if (there.value) low = middle
    else high = middle
  }
  return ok(low)
}

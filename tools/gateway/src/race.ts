import { unwrap, type BlobStore } from '@tidemark/core'
import { setTimeout as sleep } from 'node:timers/promises'

const RACERS = 32

/**
 * 32 creates of one name at the same time, from several stores. Throws unless one won. Each begins
 * after a pause of its own, if asked for: then some meet a name that was taken a moment ago.
 */
export async function race(
  stores: readonly BlobStore[],
  key: string,
  pauseMs: () => number = () => 0,
): Promise<void> {
  const bodyOf = (i: number): string => `racer ${i}`
  const racers = Array.from({ length: RACERS }, (_, i) => ({ i, store: stores[i % stores.length] }))
  const puts = await Promise.all(
    racers.flatMap(({ i, store }) => {
      if (store === undefined) return []
      const put = () => store.put(key, new TextEncoder().encode(bodyOf(i)), { if: 'absent' })
      const pause = pauseMs()
      return [pause > 0 ? sleep(pause).then(put) : put()]
    }),
  )
  const winners = puts.flatMap((put, i) => (put.ok ? [i] : []))
  const unsettled = puts.filter((put) => !put.ok && put.error.code !== 'CONFLICT')
  const [reader] = stores
  const blob = reader === undefined ? undefined : unwrap(await reader.get(key))
  const left = new TextDecoder().decode(blob && unwrap(await blob.bytes()))
  if (winners.length > 1) throw new Error(`${winners.length} writers won ${key}`)
  const [winner] = winners
  if (winner === undefined && unsettled.length === 0) throw new Error(`nobody won ${key}`)
  if (winner !== undefined && left !== bodyOf(winner)) throw new Error(`${key} is not the winner's`)
}

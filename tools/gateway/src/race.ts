import { unwrap, type BlobStore } from '@tidemark/core'

const RACERS = 32

/** 32 creates of one name at the same time, from several stores. Throws unless one won. */
export async function race(stores: readonly BlobStore[], key: string): Promise<void> {
  const bodyOf = (i: number): string => `racer ${i}`
  const racers = Array.from({ length: RACERS }, (_, i) => ({ i, store: stores[i % stores.length] }))
  const puts = await Promise.all(
    racers.flatMap(({ i, store }) => {
      const body = new TextEncoder().encode(bodyOf(i))
      return store === undefined ? [] : [store.put(key, body, { if: 'absent' })]
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

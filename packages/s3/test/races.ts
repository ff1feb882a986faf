import { unwrap } from '@tidemark/core'
import type { S3BlobStore } from '../src/index.ts'

const RACERS = 32

/** 32 creates of one name at the same time, from several stores. Throws unless one won. */
export async function race(stores: readonly S3BlobStore[], key: string): Promise<void> {
  const bodyOf = (i: number): string => `racer ${i}`
  const puts = await Promise.all(
    Array.from({ length: RACERS }, (_, i) => {
      const store = stores[i % stores.length]
      const body = new TextEncoder().encode(bodyOf(i))
      return store?.put(key, body, { if: 'absent' })
    }),
  )
  const winners = puts.flatMap((put, i) => (put?.ok === true ? [i] : []))
  const unsettled = puts.filter((put) => put?.ok === false && put.error.code !== 'CONFLICT')
  const blob = unwrap((await stores[0]?.get(key)) ?? { ok: true, value: undefined })
  const bytes = blob === undefined ? undefined : unwrap(await blob.bytes())
  const left = new TextDecoder().decode(bytes)
  if (winners.length > 1) throw new Error(`${winners.length} writers won ${key}`)
  const [winner] = winners
  if (winner === undefined && unsettled.length === 0) throw new Error(`nobody won ${key}`)
  if (winner !== undefined && left !== bodyOf(winner)) throw new Error(`${key} is not the winner's`)
}

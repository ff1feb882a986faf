import { mkdirSync, writeFileSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import { FileBlobStore, FileStorage } from '@tidemark/core/file'
import { mib, row, timeMs } from '@tidemark/bench-kit'

const COUNT = 100_000

/** Listing many identifiers: one record is written by the storage, the others are its copies. */
export async function identifiers(dir) {
  const place = `${dir}/many`
  const storage = unwrap(await FileStorage.open(place))
  unwrap(await storage.save('job-0', { at: 0 }))
  const store = unwrap(await FileBlobStore.open(place))
  const record = unwrap(await unwrap(await store.get('log/n-job-0.r1')).bytes())
  mkdirSync(`${place}/log`, { recursive: true })
  for (let i = 1; i < COUNT; i++) writeFileSync(`${place}/log/n-job-${i}.r1`, record)
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  let peak = before
  let seen = 0
  const ms = await timeMs(async () => {
    for await (const _ of storage.checkpointIdentifiers()) {
      if (seen++ % 1000 === 0) peak = Math.max(peak, process.memoryUsage().rss)
    }
  })
  peak = Math.max(peak, process.memoryUsage().rss)
  const isMet = seen === COUNT && ms < 1000 && peak - before <= 64 * 2 ** 20
  const figures = `${ms.toFixed(0)} ms, ${mib(peak - before)} more memory`
  row(`${COUNT} identifiers listed`, figures, '', '< 1 s within 64 MiB', isMet)
  await storage.close()
}

import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cbor } from '../src/codec/cbor.ts'
import { FileBlobStore, FileStorage } from '../src/file/index.ts'
import { blobCommitLog, unwrap } from '../src/index.ts'

/** A copy, so that reading a golden store can never change it. */
function copyOf(name: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'golden-')), name)
  cpSync(join(import.meta.dirname, 'golden', 'v1', name), copy, { recursive: true })
  return copy
}

it('reads the storage that version 1 wrote', async () => {
  const storage = unwrap(await FileStorage.open(copyOf('storage'), { codecs: [cbor] }))
  const names: string[] = []
  for await (const name of storage.checkpointIdentifiers()) names.push(name)
  expect(names).toEqual(['job/Ä', 'mixed', 'n'.repeat(300)])

  const job = unwrap(await storage.loadCheckpoint('job/Ä'))
  expect([job.generation, job.committedAt.getTime()]).toEqual([2, 1_700_000_000_000])
  expect(unwrap(await job.get('page'))).toBe(2)

  const mixed = unwrap(await storage.loadCheckpoint('mixed'))
  expect(mixed.metadata).toEqual({ host: 'a1' })
  expect(unwrap(await mixed.get('bytes'))).toEqual(new Uint8Array([0, 255]))
  expect(unwrap(await mixed.get('map'))).toEqual(new Map([[1n, new Date(0)]]))
  expect(unwrap(await mixed.getBytes('large'))).toEqual(new Uint8Array(70_000).fill(7))

  const again = unwrap(await storage.save('gone', { x: 2 }))
  expect(again.generation).toBe(3)
  expect(unwrap(await storage.verify()).problems).toEqual([])
  await storage.close()
})

it('reads the truncated log with an owner that version 1 wrote', async () => {
  const store = unwrap(await FileBlobStore.open(copyOf('log')))
  const log = blobCommitLog(store, 'log.')
  const newest = unwrap(await log.latest())
  expect([newest?.seq, newest?.epoch, newest?.payload]).toEqual([7, 6, new Uint8Array([7])])
  const seqs: number[] = []
  for await (const record of log.records()) seqs.push(record.seq)
  expect(seqs).toEqual([2, 4, 5, 6, 7])
  await store.close()
})

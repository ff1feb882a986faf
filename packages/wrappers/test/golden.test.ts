import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex, unwrap } from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { expect, it } from 'vitest'
import {
  checksum,
  compress,
  encrypt,
  hmac,
  keyRing,
  stack,
  verifyStorage,
  type Layer,
} from '../src/index.ts'
import { inOrder } from './support/media.ts'

const secret = Uint8Array.from({ length: 32 }, (_, i) => i)
const ring = unwrap(keyRing({ active: { id: '2026', secret } }))
const named = { namespace: 'golden' }
const STACKS: Readonly<Record<string, readonly Layer[]>> = {
  sealed: [compress(), encrypt(ring, named), checksum(), hmac(ring, { ...named, index: true })],
  hmac: [hmac(ring)],
  encrypted: [encrypt(ring)],
  plain: [compress({ format: 'deflate' }), checksum()],
}

/** A copy, so that reading a golden store can never change it. */
function copyOf(name: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'golden-')), name)
  cpSync(join(import.meta.dirname, 'golden', 'v1', name), copy, { recursive: true })
  return copy
}

it.each(Object.keys(STACKS))('reads the %s storage that version 1 wrote', async (name) => {
  const layers = inOrder(STACKS[name] ?? [])
  const storage = unwrap(await stack(await FileStorage.open(copyOf(name)), ...layers))
  const names: string[] = []
  for await (const found of storage.checkpointIdentifiers()) names.push(found)
  expect(names).toEqual(['job/Ä', 'mixed'])

  const job = unwrap(await storage.loadCheckpoint('job/Ä'))
  expect([job.generation, job.committedAt.getTime()]).toEqual([2, 1_700_000_000_000])
  expect(unwrap(await job.get('page'))).toBe(2)
  expect(unwrap(await job.get('none'))).toBe('')
  await job.close()

  const mixed = unwrap(await storage.loadCheckpoint('mixed'))
  expect(mixed.metadata).toEqual({ host: 'a1', '2': [null, -1.5e300] })
  const large = unwrap(await mixed.getBytes('large'))
  expect(toHex(large)).toBe(toHex(new Uint8Array(70_000).map((_, i) => i % 7)))
  expect(unwrap(await mixed.get('text'))).toBe('and again '.repeat(100))
  await mixed.close()

  expect(unwrap(await storage.verify()).problems).toEqual([])
  if (name === 'sealed') expect(unwrap(await verifyStorage(storage)).problems).toEqual([])
  expect(unwrap(await storage.save('gone', { x: 2 })).generation).toBe(3)
  await storage.close()
})

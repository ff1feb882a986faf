import { readFileSync } from 'node:fs'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import {
  loadTree,
  newCreator,
  newRestorer,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
  Tree,
} from '../src/index.ts'
import { LevelNodeStore } from '../src/level/index.ts'
import { hex, utf8 } from './support/vectors.ts'

interface Golden {
  readonly level: readonly (readonly [string, string])[]
  readonly files: readonly (readonly [string, string])[]
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file of this folder
const golden = JSON.parse(
  readFileSync(new URL('golden/v1.json', import.meta.url), 'utf8'),
) as Golden

test('a database and a checkpoint of version 1 are read, and a restore it began goes on', async () => {
  const level = new MemoryLevel<Uint8Array, Uint8Array>({
    keyEncoding: 'view',
    valueEncoding: 'view',
  })
  for (const [key, value] of golden.level) await level.put(hex(key), hex(value))
  const blobs = new MemoryBlobStore()
  for (const [key, value] of golden.files) unwrap(await blobs.put(key, hex(value)))

  const namespace = testNamespace('golden')
  const db = unwrap(await openNodeDb({ store: new LevelNodeStore(level), namespace }))
  expect([db.earliestVersion, db.latestVersion, db.multipartVersion]).toEqual([1n, 1n, 2n])
  const [first] = db.rootsOf(1n)
  expect(first && unwrap(await loadTree(db, first)).rootHash()).toEqual(treeOf(5).rootHash())

  const creator = newCreator({ store: blobs, db })
  const { checkpoints, damaged } = unwrap(await creator.getCheckpoints({ version: 1, namespace }))
  expect(damaged).toEqual([])
  for (const metadata of checkpoints) {
    const { resumed, pending } = unwrap(await newRestorer({ db }).startRestore(metadata))
    expect([resumed, pending.length]).toEqual([true, metadata.chunks.length - 3])
    unwrap(await restoreCheckpoint(metadata, { db, provider: creator }))
    const restored = unwrap(await loadTree(db, metadata.root))
    expect(restored.rootHash()).toEqual(treeOf(12).rootHash())
  }
  expect(checkpoints.length).toBe(1)
})

function treeOf(count: number): Tree {
  const tree = new Tree()
  for (let i = 0; i < count; i++) unwrap(tree.insert(utf8(`key ${i}`), utf8(`value ${i}`)))
  return tree
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { copyOf, filesIn, madeAnew, removeCopies } from '@tidemark/golden'
import { MemoryLevel } from 'memory-level'
import { afterAll, expect, test } from 'vitest'
import { openFileCreator } from '../src/file/index.ts'
import {
  fromHex,
  loadTree,
  MemoryNodeStore,
  newRestorer,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
  toHex,
  Tree,
  type NodeDb,
  type Root,
} from '../src/index.ts'
import { LevelNodeStore } from '../src/level/index.ts'
import { memoryDb } from './support/harness.ts'

const golden = join(import.meta.dirname, 'golden')
const namespace = testNamespace('golden')
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
afterAll(removeCopies)

/** What version 1 committed as version 2. */
function secondTree(): Tree {
  const tree = new Tree()
  unwrap(tree.insert(utf8(''), utf8('the empty key')))
  for (let i = 0; i < 40; i++) unwrap(tree.insert(utf8(`key ${i}`), utf8(`value ${i}`)))
  unwrap(tree.insert(utf8('key 1 and more'), new Uint8Array(0)))
  unwrap(tree.remove(utf8('key 7')))
  unwrap(tree.insert(utf8('key 8'), new Uint8Array(300).fill(8)))
  return tree
}

const root: Root = { namespace, version: 2n, type: 1, hash: secondTree().rootHash() }

/** A database as version 1 left it. */
async function openDump(name: string): Promise<NodeDb> {
  const views = { keyEncoding: 'view', valueEncoding: 'view' } as const
  const level = new MemoryLevel<Uint8Array, Uint8Array>(views)
  const lines = readFileSync(join(golden, 'v1', `${name}.level`), 'utf8')
    .trimEnd()
    .split('\n')
  for (const line of lines) {
    const [key = '', value = ''] = line.split(' ')
    await level.put(bytesOf(key), bytesOf(value), views)
  }
  const store = new LevelNodeStore(level, { durable: 'none' })
  return unwrap(await openNodeDb({ store, namespace }))
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new Error(`${hex} is not hex`)
  return bytes
}

function entriesOf(tree: Tree): string[] {
  return [...tree.entries()].map(([key, value]) => `${toHex(key)} ${toHex(value)}`)
}

test('reads the database that version 1 wrote: versions, roots, every node', async () => {
  const db = await openDump('database')
  expect([db.earliestVersion, db.latestVersion]).toEqual([2n, 2n])
  const types = (version: bigint) => new Set(db.rootsOf(version).map(({ type }) => type))
  expect([1n, 2n, 3n].map(types)).toEqual([new Set(), new Set([1, 2]), new Set([1])])
  const tree = unwrap(await loadTree(db, root))
  expect(entriesOf(tree)).toEqual(entriesOf(secondTree()))
  const [third] = db.rootsOf(3n)
  if (third === undefined) throw new Error('no third version')
  unwrap(tree.insert(utf8('new'), utf8('one')))
  expect(entriesOf(unwrap(await loadTree(db, third)))).toEqual(entriesOf(tree))
  unwrap(await db.finalize([third]))
  unwrap(await db.prune(2n))
  expect(entriesOf(unwrap(await loadTree(db, third)))).toEqual(entriesOf(tree))
})

test('restores from the checkpoints that version 1 wrote', async () => {
  const dir = copyOf(join(golden, 'v1', 'checkpoints'))
  const source = await openDump('database')
  const creator = unwrap(await openFileCreator({ dir, db: source }))
  const { checkpoints, damaged } = unwrap(await creator.getCheckpoints({ version: 1, namespace }))
  expect(damaged).toEqual([])
  const sizes = new Map(checkpoints.map((each) => [each.root.type, each.chunks.length]))
  expect([sizes.get(1), sizes.get(2), sizes.size]).toEqual([8, 1, 2])
  const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  for (const metadata of checkpoints) {
    if (metadata.root.type !== 1) continue
    unwrap(await restoreCheckpoint(metadata, { db, provider: creator }))
  }
  expect(entriesOf(unwrap(await loadTree(db, root)))).toEqual(entriesOf(secondTree()))
  await creator.close()
})

test('goes on with the restore that version 1 began: only the other chunks are asked for', async () => {
  const dir = copyOf(join(golden, 'v1', 'checkpoints'))
  const creator = unwrap(await openFileCreator({ dir, db: await memoryDb() }))
  const metadata = unwrap(await creator.getCheckpoint(1, root))
  const db = await openDump('restoring')
  unwrap(await db.startMultipartInsert(2n))
  const restorer = newRestorer({ db })
  const { pending, resumed } = unwrap(await restorer.startRestore(metadata))
  expect([pending, resumed]).toEqual([[1, 3, 5, 7], true])
  for (const index of pending) {
    const digest = metadata.chunks[index] ?? new Uint8Array()
    const chunk = { version: 1, root, index: BigInt(index), digest }
    const body = unwrap(await creator.getCheckpointChunk(chunk))
    unwrap(await restorer.restoreChunk(index, unwrap(await body.bytes())))
  }
  unwrap(await db.finalize([root]))
  expect(entriesOf(unwrap(await loadTree(db, root)))).toEqual(entriesOf(secondTree()))
  await creator.close()
})

test('writes today, byte for byte, what version 1 wrote', () => {
  const made = filesIn(madeAnew(join(golden, 'make.mjs')))
  expect(made).toEqual(filesIn(join(golden, 'v1')))
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { unwrap } from '@tidemark/core'
import { ClassicLevel } from 'classic-level'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { MAX_PACKED_BYTES, provenNodes } from '../src/checkpoint/chunk-nodes.ts'
import { toHex } from '../src/bytes/bytes.ts'
import { openFileCreator } from '../src/file/index.ts'
import {
  commitTree,
  getChunkMetadata,
  openNodeDb,
  restoreCheckpoint,
  Tree,
  type NodeDb,
} from '../src/index.ts'
import { LevelNodeStore, type LevelDatabase } from '../src/level/index.ts'
import { checkpointOf, namespace, randomBytes, randomOf } from './support/harness.ts'

const seed = Number(process.env['TIDEMARK_SEED'] ?? 1)
const MIB = 1024 * 1024
/** Small, so that what a chunk takes does not hide what a tree takes. */
const CHUNK_BYTES = 10_000

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

/** What is reachable from JavaScript now, its array buffers included. */
function liveBytes(): number {
  if (typeof collect === 'function') Reflect.apply(collect, undefined, [])
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function treeOfSize(entries: number): Tree {
  const random = randomOf(seed * 32_452_843 + entries)
  const tree = new Tree()
  for (let i = 0; i < entries; i++) {
    unwrap(tree.insert(randomBytes(random, 12), new Uint8Array(40).fill(i)))
  }
  return tree
}

/** Looks at every so many calls, while what they give or are given is there. */
function watched(level: ClassicLevel<Uint8Array, Uint8Array>, look: () => void): LevelDatabase {
  let calls = 0
  return {
    get: (key, options) => level.get(key, options),
    keys: (options) => level.keys(options),
    close: () => level.close(),
    batch: (operations, options) => {
      look()
      return level.batch(operations, options)
    },
    getMany: async (keys, options) => {
      const values = await level.getMany(keys, options)
      if (calls++ % 20 === 0) look()
      return values
    },
  }
}

/** The most that creation and restore of a tree hold, above what there was before. */
async function heldBytes(entries: number): Promise<{ create: number; restore: number }> {
  const home = mkdtempSync(join(tmpdir(), 'tidemark-mkvs-memory-'))
  let peak = 0
  const open = async (name: string): Promise<NodeDb> => {
    const level = new ClassicLevel<Uint8Array, Uint8Array>(join(home, name))
    const database = watched(level, () => (peak = Math.max(peak, liveBytes())))
    return unwrap(await openNodeDb({ store: new LevelNodeStore(database), namespace }))
  }
  try {
    const [db, target] = [await open('built'), await open('restored')]
    const { root } = unwrap(await commitTree(treeOfSize(entries), db, { version: 1n }))
    const files = unwrap(await openFileCreator({ dir: join(home, 'checkpoints'), db }))
    const held = async (run: () => Promise<void>): Promise<number> => {
      const before = liveBytes()
      peak = before
      await run()
      return peak - before
    }
    const create = await held(
      async () => void unwrap(await files.createCheckpoint(root, CHUNK_BYTES)),
    )
    const metadata = unwrap(await files.createCheckpoint(root, CHUNK_BYTES))
    const restore = await held(async () =>
      unwrap(await restoreCheckpoint(metadata, { db: target, provider: files })),
    )
    for (const each of [files, db, target]) await each.close()
    return { create, restore }
  } finally {
    rmSync(home, { recursive: true })
  }
}

test('creation and restore hold no more of a large tree than of a small one', async () => {
  await heldBytes(500)
  const small = await heldBytes(2000)
  const large = await heldBytes(20_000)
  const figures = JSON.stringify({ seed, small, large })
  // A hash kept for each of the 36 000 further nodes would be four megabytes, one for each of those
  // that a look level by level has in hand one and a half.
  expect(large.create - small.create, figures).toBeLessThan(1.5 * MIB)
  expect(large.restore - small.restore, figures).toBeLessThan(0.75 * MIB)
  process.stdout.write(`held: ${figures}\n`)
}, 120_000)

test.each([
  ['nodes', 'bad root'],
  ['lists', 'an entry of another kind'],
])(
  'a lying chunk of millions of tiny %s takes its raw bytes and the bound',
  async (kind, reason) => {
    const home = mkdtempSync(join(tmpdir(), 'tidemark-mkvs-hostile-'))
    const child = join(home, 'child.mjs')
    try {
      await build({
        entryPoints: [fileURLToPath(new URL('support/hostile-child.ts', import.meta.url))],
        outfile: child,
        bundle: true,
        platform: 'node',
        format: 'esm',
        conditions: ['@tidemark/source'],
      })
      const run = spawnSync(process.execPath, [child, kind], { encoding: 'utf8' })
      expect(run.stderr).toBe('')
      const [said, grownBytes, rawBytes] = run.stdout.trim().split('\t')
      expect(said).toBe(`chunk: chunk proof verification failed: ${reason}`)
      // All those nodes packed would be 150 MiB; all those lists as objects more than that.
      expect(Number(grownBytes)).toBeLessThan(Number(rawBytes) + MAX_PACKED_BYTES + 32 * MIB)
      process.stdout.write(`hostile chunk: ${run.stdout}`)
    } finally {
      rmSync(home, { recursive: true })
    }
  },
  120_000,
)

test('a chunk whose nodes are too many to wait gives the same nodes', async () => {
  const { creator, metadata } = await checkpointOf(treeOfSize(300), 4000)
  for (const index of metadata.chunks.keys()) {
    const chunk = unwrap(getChunkMetadata(metadata, index))
    const file = unwrap(await unwrap(await creator.getCheckpointChunk(chunk)).bytes())
    const nodesWith = (maxPackedBytes: number): string[] => {
      const limits = { strict: true, maxDepth: 128, maxRawBytes: MIB, maxPackedBytes }
      const nodes = unwrap(provenNodes(file, index, metadata.root.hash, limits))
      return Array.from(nodes, ([hash, bytes]) => `${toHex(hash)} ${toHex(bytes)}`)
    }
    expect(nodesWith(0)).toEqual(nodesWith(MIB))
    expect(nodesWith(0).length).toBeGreaterThan(1)
  }
})

import type { ContractCase } from '@tidemark/core/testing'
import type { Creator } from '../checkpoint/creator.ts'
import { restoreCheckpoint } from '../checkpoint/restore-checkpoint.ts'
import { MemoryNodeStore } from '../db/memory-node-store.ts'
import type { NodeDb } from '../db/node-db.ts'
import { openNodeDb } from '../db/stored-node-db.ts'
import { getChunkMetadata, encodedHash, type Metadata } from '../record/metadata.ts'
import { failsWith, same, succeeds } from './expect.ts'
import { commitSample, emptyLike, holdsSample } from './sample.ts'

/** What the contract is run on: a creator without checkpoints and the database it reads from. */
export interface CreatorSubject {
  open(): Promise<{ readonly creator: Creator; readonly db: NodeDb }>
}

interface Opened {
  readonly creator: Creator
  readonly db: NodeDb
}

const cases: readonly {
  readonly name: string
  readonly run: (opened: Opened) => Promise<void>
}[] = [
  {
    name: 'makes a checkpoint from which the tree can be restored, for any chunk size and threads',
    run: async ({ creator, db }) => {
      let version = 0n
      for (const [chunkSize, threads] of [
        [0, 0],
        [300, 0],
        [300, 3],
        [1 << 20, 1],
      ] as const) {
        version++
        const root = await commitSample(db, 60, version)
        const made = await succeeds(creator.createCheckpoint(root, chunkSize, threads), 'create')
        same(made.root.hash, root.hash, 'the root of the checkpoint')
        same(made.chunks.length > 1, chunkSize < 1000, 'more chunks than one')
        await restores(creator, made, 60)
      }
    },
  },
  {
    name: 'makes the same chunks with no thread and with one, and one chunk of an empty tree',
    run: async ({ creator, db }) => {
      const first = await commitSample(db, 40, 1n)
      const second = await commitSample(db, 40, 2n)
      const none = await succeeds(creator.createCheckpoint(first, 200, 0), 'create')
      const one = await succeeds(creator.createCheckpoint(second, 200, 1), 'create')
      same(one.chunks, none.chunks, 'digests')
      const empty = await succeeds(creator.createCheckpoint(emptyLike(first), 200), 'create')
      same(empty.chunks.length, 1, 'chunks of an empty tree')
    },
  },
  {
    name: 'gives a checkpoint that exists as it is, also to several who make it at once',
    run: async ({ creator, db }) => {
      const root = await commitSample(db, 40, 1n)
      const both = await Promise.all([
        creator.createCheckpoint(root, 200),
        creator.createCheckpoint(root, 300),
      ])
      const [one, two] = [await succeeds(both[0], 'create'), await succeeds(both[1], 'create')]
      const again = await succeeds(creator.createCheckpoint(root, 7, 9), 'create again')
      const found = await succeeds(creator.getCheckpoint(1, root), 'get')
      const identities = [one, two, again, found].map(encodedHash)
      for (const identity of identities) same(identity, identities[0], 'identity')
      await restores(creator, found, 40)
    },
  },
  {
    name: 'refuses an unknown root, odd parameters, and a root of another type with one hash',
    run: async ({ creator, db }) => {
      const root = await commitSample(db, 9, 1n)
      const unknown = { ...root, version: 2n }
      await failsWith(creator.createCheckpoint(unknown, 1), 'NODE_DB_REFUSED', 'unknown root')
      for (const [size, threads] of [
        [-1, 0],
        [0.5, 0],
        [1, -1],
        [1, 65_536],
      ] as const) {
        const odd = creator.createCheckpoint(root, size, threads)
        await failsWith(odd, 'INVALID_ARGUMENT', `size ${size}, ${threads} threads`)
      }
      const { namespace } = db
      const listed = await succeeds(creator.getCheckpoints({ version: 1, namespace }), 'list')
      same(listed.checkpoints.length, 0, 'checkpoints')
      await succeeds(creator.createCheckpoint(root, 100), 'create')
      const inputs = await commitSample(db, 9, 1n, 2)
      const taken = creator.createCheckpoint(inputs, 100)
      await failsWith(taken, 'CHECKPOINT_ALREADY_EXISTS', 'another type')
      await failsWith(creator.getCheckpoint(1, inputs), 'CHECKPOINT_NOT_FOUND', 'another type')
    },
  },
  {
    name: 'finds and deletes only what there is: CHECKPOINT_NOT_FOUND, also for another format',
    run: async ({ creator, db }) => {
      const root = await commitSample(db, 30, 1n)
      await failsWith(creator.getCheckpoint(1, root), 'CHECKPOINT_NOT_FOUND', 'get')
      await failsWith(creator.deleteCheckpoint(1, root), 'CHECKPOINT_NOT_FOUND', 'delete')
      const made = await succeeds(creator.createCheckpoint(root, 100), 'create')
      await failsWith(creator.getCheckpoint(2, root), 'CHECKPOINT_NOT_FOUND', 'get of format 2')
      const other = creator.deleteCheckpoint(2, root)
      await failsWith(other, 'CHECKPOINT_NOT_FOUND', 'delete of format 2')
      await restores(creator, made, 30)
    },
  },
  {
    name: 'deletes a checkpoint with its chunks and no other one, and can make it again',
    run: async ({ creator, db }) => {
      const roots = [await commitSample(db, 30, 1n), await commitSample(db, 31, 1n)]
      const made: Metadata[] = []
      for (const root of roots) {
        made.push(await succeeds(creator.createCheckpoint(root, 100), 'create'))
      }
      const [first, second] = made
      if (first === undefined || second === undefined) throw new TypeError('two were made')
      await succeeds(creator.deleteCheckpoint(1, first.root), 'delete')
      await failsWith(creator.getCheckpoint(1, first.root), 'CHECKPOINT_NOT_FOUND', 'get')
      const chunk = await succeeds(getChunkMetadata(first, 0), 'chunk metadata')
      await failsWith(creator.getCheckpointChunk(chunk), 'CHUNK_NOT_FOUND', 'a deleted chunk')
      await failsWith(creator.deleteCheckpoint(1, first.root), 'CHECKPOINT_NOT_FOUND', 'delete')
      await restores(creator, second, 31)
      const again = await succeeds(creator.createCheckpoint(first.root, 500), 'create again')
      same(again.chunks.length < first.chunks.length, true, 'the new size counts')
      await restores(creator, again, 30)
    },
  },
]

/** What every {@link Creator} promises beside {@link chunkProviderContract}. */
export function creatorContract(
  subject: CreatorSubject,
): ContractCase<{ readonly supports: object }>[] {
  return cases.map(({ name, run }) => ({
    name,
    needs: [],
    run: async () => run(await subject.open()),
  }))
}

async function restores(provider: Creator, metadata: Metadata, count: number): Promise<void> {
  const { namespace } = metadata.root
  const opened = openNodeDb({ store: new MemoryNodeStore(), namespace })
  const db = await succeeds(opened, 'a database in memory')
  await succeeds(restoreCheckpoint(metadata, { db, provider }), 'restore')
  await holdsSample(db, metadata.root, count)
  await db.close()
}

import type { ContractCase } from '@tidemark/core/testing'
import { MemoryBlobStore } from '@tidemark/core'
import { newCreator, type Creator } from '../checkpoint/creator.ts'
import type { Restorer } from '../checkpoint/restorer.ts'
import { MemoryNodeStore } from '../db/memory-node-store.ts'
import type { NodeDb } from '../db/node-db.ts'
import { openNodeDb } from '../db/stored-node-db.ts'
import { getChunkMetadata, type Metadata } from '../record/metadata.ts'
import { EMPTY_HASH } from '../tree/node.ts'
import { failsWith, same, succeeds } from './expect.ts'
import { commitSample, holdsSample } from './sample.ts'

/** What the contract is run on. */
export interface RestorerSubject {
  /** Opens an empty database to restore into. */
  open(): NodeDb | Promise<NodeDb>
  /** Makes a restorer into a database; more than one is asked for. */
  restorer(db: NodeDb): Restorer
}

/** A checkpoint of version 1 in memory, and an open multipart insert for it. */
interface Setting {
  readonly db: NodeDb
  readonly restorer: Restorer
  readonly another: () => Restorer
  readonly metadata: Metadata
  readonly chunk: (index: number) => Promise<Uint8Array>
}

const ENTRIES = 60

const cases: readonly {
  readonly name: string
  readonly run: (setting: Setting) => Promise<void>
}[] = [
  {
    name: 'is done with the last chunk, in any order and all at once, and the tree is there',
    run: async ({ db, restorer, metadata, chunk }) => {
      const start = await succeeds(restorer.startRestore(metadata), 'start')
      same([start.pending.length, start.resumed], [metadata.chunks.length, false], 'start')
      same(restorer.getCurrentCheckpoint() === metadata, true, 'the current checkpoint')
      const bodies = await Promise.all(metadata.chunks.map((_, i) => chunk(i)))
      const results = await Promise.all(
        start.pending
          .toReversed()
          .map((i) => restorer.restoreChunk(i, bodies[i] ?? new Uint8Array(0))),
      )
      const done: boolean[] = []
      for (const result of results) done.push(await succeeds(result, 'chunk'))
      same(done.filter(Boolean).length, 1, 'times done')
      same(restorer.getCurrentCheckpoint(), undefined, 'the current checkpoint')
      await succeeds(db.finalize([metadata.root]), 'finalize')
      await holdsSample(db, metadata.root, ENTRIES)
    },
  },
  {
    name: 'names what is out of turn: no restore, another one, a chunk that is not pending',
    run: async ({ restorer, metadata, chunk }) => {
      const bytes = await chunk(0)
      await failsWith(restorer.restoreChunk(0, bytes), 'NO_RESTORE_IN_PROGRESS', 'no restore')
      await succeeds(restorer.startRestore(metadata), 'start')
      const other = restorer.startRestore(metadata)
      await failsWith(other, 'RESTORE_ALREADY_IN_PROGRESS', 'another restore')
      const first = restorer.restoreChunk(0, inPieces(bytes))
      await failsWith(restorer.restoreChunk(0, bytes), 'CHUNK_ALREADY_RESTORED', 'in flight')
      same(await succeeds(first, 'chunk'), false, 'done with the first chunk')
      for (const index of [0, -1, 0.5, metadata.chunks.length]) {
        const again = restorer.restoreChunk(index, bytes)
        await failsWith(again, 'CHUNK_ALREADY_RESTORED', `chunk ${index}`)
      }
    },
  },
  {
    name: 'goes on after a chunk with other bytes, and takes it from elsewhere',
    run: async ({ restorer, metadata, chunk }) => {
      await succeeds(restorer.startRestore(metadata), 'start')
      const bytes = await chunk(1)
      const changed = bytes.slice()
      changed[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
      for (const wrong of [changed, bytes.slice(1), await chunk(0), new Uint8Array(0)]) {
        await failsWith(restorer.restoreChunk(1, wrong), 'CHUNK_CORRUPTED', 'other bytes')
      }
      same(restorer.getCurrentCheckpoint() === metadata, true, 'the current checkpoint')
      await succeeds(restorer.restoreChunk(1, bytes), 'the right bytes')
    },
  },
  {
    name: 'ends with a chunk that proves nothing, though it is what the metadata promises',
    run: async ({ restorer, metadata }) => {
      const lie = { ...metadata, chunks: [EMPTY_HASH, ...metadata.chunks] }
      await succeeds(restorer.startRestore(lie), 'start')
      const result = restorer.restoreChunk(0, new Uint8Array(0))
      await failsWith(result, 'CHUNK_PROOF_VERIFICATION_FAILED', 'a lie')
      same(restorer.getCurrentCheckpoint(), undefined, 'the current checkpoint')
      const late = restorer.restoreChunk(0, new Uint8Array(0))
      await failsWith(late, 'NO_RESTORE_IN_PROGRESS', 'a late chunk')
    },
  },
  {
    name: 'is never done with a list that leaves a chunk out',
    run: async ({ db, restorer, metadata, chunk }) => {
      const missing = metadata.chunks.length >> 1
      const short = { ...metadata, chunks: metadata.chunks.filter((_, i) => i !== missing) }
      await succeeds(restorer.startRestore(short), 'start')
      const last = short.chunks.length - 1
      for (let i = 0; i < last; i++) {
        const bytes = await chunk(i < missing ? i : i + 1)
        same(await succeeds(restorer.restoreChunk(i, bytes), 'chunk'), false, 'done')
      }
      const result = restorer.restoreChunk(last, await chunk(last + 1))
      await failsWith(result, 'CHUNK_PROOF_VERIFICATION_FAILED', 'the last chunk')
      same(db.hasRoot(metadata.root), false, 'the root')
    },
  },
  {
    name: 'refuses metadata without chunks, of a wrong type, or of another format',
    run: async ({ restorer, metadata }) => {
      const wrongType = { ...metadata, root: { ...metadata.root, type: 3 } }
      await failsWith(restorer.startRestore({ ...metadata, chunks: [] }), 'MALFORMED', 'no chunks')
      await failsWith(restorer.startRestore(wrongType), 'MALFORMED', 'a wrong type')
      await failsWith(restorer.startRestore({ ...metadata, version: 2 }), 'UNSUPPORTED', 'format')
      same(restorer.getCurrentCheckpoint(), undefined, 'the current checkpoint')
    },
  },
  {
    name: 'passes the failure of a source on, and the restore goes on',
    run: async ({ restorer, metadata, chunk }) => {
      await succeeds(restorer.startRestore(metadata), 'start')
      await failsWith(restorer.restoreChunk(0, broken()), 'IO_FAILED', 'a broken source')
      await succeeds(restorer.restoreChunk(0, await chunk(0)), 'chunk')
    },
  },
  {
    name: 'books nothing on a restore that ended, nor on the next one',
    run: async ({ restorer, metadata, chunk }) => {
      await succeeds(restorer.startRestore(metadata), 'start')
      const bytes = await chunk(0)
      const late = restorer.restoreChunk(0, inPieces(bytes))
      await succeeds(restorer.abortRestore(), 'abort')
      await succeeds(restorer.abortRestore(), 'abort of nothing')
      const start = await succeeds(restorer.startRestore(metadata), 'start')
      await failsWith(late, 'NO_RESTORE_IN_PROGRESS', 'a late chunk')
      same([start.pending.length, start.resumed], [metadata.chunks.length, false], 'start')
      same(await succeeds(restorer.restoreChunk(0, bytes), 'chunk'), false, 'done')
    },
  },
  {
    name: 'goes on in the database where an earlier restorer was left',
    run: async ({ db, restorer, another, metadata, chunk }) => {
      await succeeds(restorer.startRestore(metadata), 'start')
      for (const i of [0, 2]) await succeeds(restorer.restoreChunk(i, await chunk(i)), 'chunk')
      const next = another()
      const { pending, resumed } = await succeeds(next.startRestore(metadata), 'start')
      const expected = [...metadata.chunks.keys()].filter((i) => i !== 0 && i !== 2)
      same([pending, resumed], [expected, true], 'what is pending')
      let done = false
      for (const i of pending) {
        done = await succeeds(next.restoreChunk(i, await chunk(i)), 'chunk')
      }
      same(done, true, 'done')
      await succeeds(db.finalize([metadata.root]), 'finalize')
      await holdsSample(db, metadata.root, ENTRIES)
    },
  },
]

/** What every {@link Restorer} promises, one case for each promise. */
export function restorerContract(
  subject: RestorerSubject,
): ContractCase<{ readonly supports: object }>[] {
  return cases.map(({ name, run }) => ({
    name,
    needs: [],
    run: async () => {
      const db = await subject.open()
      try {
        const another = (): Restorer => subject.restorer(db)
        const source = await sourceFor(db)
        await succeeds(db.startMultipartInsert(1n), 'start of a multipart insert')
        await run({ db, restorer: another(), another, ...source })
      } finally {
        await db.close()
      }
    },
  }))
}

async function sourceFor({ namespace }: NodeDb): Promise<Pick<Setting, 'metadata' | 'chunk'>> {
  const opened = openNodeDb({ store: new MemoryNodeStore(), namespace })
  const db = await succeeds(opened, 'a database in memory')
  const root = await commitSample(db, ENTRIES, 1n)
  const creator: Creator = newCreator({ store: new MemoryBlobStore(), db })
  const metadata = await succeeds(creator.createCheckpoint(root, 400), 'create')
  const chunk = async (index: number): Promise<Uint8Array> => {
    const known = await succeeds(getChunkMetadata(metadata, index), 'chunk metadata')
    const body = await succeeds(creator.getCheckpointChunk(known), 'chunk')
    return succeeds(body.bytes(), 'bytes')
  }
  return { metadata, chunk }
}

async function* inPieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
}

async function* broken(): AsyncIterable<Uint8Array> {
  yield new Uint8Array(3)
  throw new Error('the connection was reset')
}

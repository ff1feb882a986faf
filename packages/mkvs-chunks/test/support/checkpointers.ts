import { coreError, err, MemoryBlobStore, ok, unwrap, type Clock } from '@tidemark/core'
import {
  commitTree,
  newCheckpointer,
  newCreator,
  Tree,
  type Checkpointer,
  type CheckpointerConfig,
  type CheckpointerEvent,
  type Creator,
  type NodeDb,
  type Root,
} from '../../src/index.ts'
import { memoryDb, namespace } from './harness.ts'
import { utf8 } from './vectors.ts'

/** One case of the vectors of the schedule. */
export interface Case {
  readonly name: string
  readonly existing: readonly number[]
  readonly partialExisting?: readonly number[]
  readonly rootsPerVersion: number
  readonly earliestVersion: number
  readonly rootsAvailableFromTo: readonly [number, number]
  readonly notifiedVersion: number
  readonly interval: number
  readonly numKept: number
  readonly initialVersion: number
  readonly force?: boolean
  readonly createFailsAt?: readonly number[]
  readonly expectedCalls: readonly string[]
  readonly expectedVersionsAfter: readonly number[]
  readonly expectedError?: string
}

/** A clock that only moves when told to. */
export function manualClock(): Clock & { readonly tick: () => void; readonly slept: number[] } {
  const sleepers = new Set<() => void>()
  const slept: number[] = []
  return {
    slept,
    nowMs: () => 0,
    every: () => ({ stop: () => undefined }),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        slept.push(ms)
        sleepers.add(resolve)
        signal?.addEventListener('abort', () => {
          sleepers.delete(resolve)
          reject(new Error('aborted'))
        })
      }),
    tick: () => {
      for (const wake of sleepers) wake()
      sleepers.clear()
    },
  }
}

/** Some root of a version. */
export function rootAt(version: number, index: number): Root {
  return { namespace, version: BigInt(version), type: index + 1, hash: utf8(`${index}`.padEnd(32)) }
}

/** A creator that only writes down what it is asked. */
export function fakeCreator(c: Case): {
  creator: Creator
  calls: string[]
  held: Map<string, Root>
} {
  const calls: string[] = []
  const held = new Map<string, Root>()
  const name = (root: Root): string => `${root.version}/${root.type - 1}`
  for (const version of c.existing) {
    for (let i = 0; i < c.rootsPerVersion; i++) held.set(`${version}/${i}`, rootAt(version, i))
  }
  for (const version of c.partialExisting ?? []) held.set(`${version}/0`, rootAt(version, 0))
  const metadata = (root: Root) => ({ version: 1, root, chunks: [] })
  const failure = coreError('IO_FAILED', 'no disk', { operation: 'put' })
  const creator: Creator = {
    createCheckpoint: async (root) => {
      calls.push(`create ${name(root)}`)
      const isLast = root.type === c.rootsPerVersion
      if (isLast && c.createFailsAt?.includes(Number(root.version)) === true) return err(failure)
      held.set(name(root), root)
      return ok(metadata(root))
    },
    deleteCheckpoint: async (_, root) => {
      calls.push(`delete ${name(root)}`)
      held.delete(name(root))
      return ok()
    },
    getCheckpoint: async (_, root) => (held.has(name(root)) ? ok(metadata(root)) : err(failure)),
    getCheckpoints: async () => ok({ checkpoints: [...held.values()].map(metadata), damaged: [] }),
    getCheckpointChunk: async () => err(failure),
  }
  return { creator, calls, held }
}

/** Waits until a pass is over, if one has begun. */
export async function settle(checkpointer: Checkpointer): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve()
  await new Promise((resolve) => setTimeout(resolve, 0))
  while (checkpointer.status().state === 'working') await new Promise((r) => setTimeout(r, 1))
}

/** A database with six final versions and a checkpointer on a real creator. */
export async function realSetup(over: Partial<CheckpointerConfig> = {}) {
  const db = await memoryDb()
  const creator = newCreator({ store: new MemoryBlobStore(), db })
  const tree = new Tree()
  let oldRoot: Root | undefined
  for (let version = 1n; version <= 6n; version++) {
    unwrap(tree.insert(utf8(`key ${version}`), utf8('v')))
    const options = oldRoot === undefined ? { version } : { version, oldRoot }
    oldRoot = unwrap(await commitTree(tree, db, options)).root
    unwrap(await db.finalize([oldRoot]))
  }
  const clock = manualClock()
  const config = {
    name: 'real',
    db,
    creator,
    clock,
    checkIntervalMs: 10,
    rootsPerVersion: 1,
    parameters: { interval: 2n, numKept: 1, chunkSize: 100 },
    ...over,
  }
  return { db, creator, clock, checkpointer: unwrap(newCheckpointer(config)) }
}

/** Kind and version of each event, until listening ends. */
export async function collected(events: AsyncIterable<CheckpointerEvent>): Promise<string[]> {
  const seen: string[] = []
  for await (const event of events) seen.push(`${event.kind} ${event.version}`)
  return seen
}

/** The versions that have a checkpoint. */
export async function versionsIn(creator: Creator, db: NodeDb): Promise<bigint[]> {
  const request = { version: 1, namespace: db.namespace }
  const { checkpoints } = unwrap(await creator.getCheckpoints(request))
  return checkpoints.map(({ root }) => root.version)
}

import { MemoryBlobStore, coreError, err, ok, unwrap, type Clock } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import {
  commitTree,
  newCheckpointer,
  newCreator,
  Tree,
  type Checkpointer,
  type CheckpointerConfig,
  type CheckpointerEvent,
  type Creator,
  type Root,
} from '../src/index.ts'
import { memoryDb, namespace } from './support/harness.ts'
import { utf8, vectors } from './support/vectors.ts'

interface Case {
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
function manualClock(): Clock & { readonly tick: () => void } {
  const sleepers = new Set<() => void>()
  return {
    nowMs: () => 0,
    every: () => ({ stop: () => undefined }),
    sleep: (_, signal) =>
      new Promise((resolve, reject) => {
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

function rootAt(version: number, index: number): Root {
  return { namespace, version: BigInt(version), type: index + 1, hash: utf8(`${index}`.padEnd(32)) }
}

/** A creator that only writes down what it is asked. */
function fakeCreator(c: Case): { creator: Creator; calls: string[]; held: Map<string, Root> } {
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

/** Events until one of a kind, or until the pass is over. */
async function settle(checkpointer: Checkpointer): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve()
  await new Promise((resolve) => setTimeout(resolve, 0))
  while (checkpointer.status().state === 'working') await new Promise((r) => setTimeout(r, 1))
}

describe('schedule', () => {
  const { cases } = vectors<{ cases: readonly Case[] }>('checkpointer.json')
  test.each(cases.map((c) => [c.name, c] as const))('%s', async (_, c) => {
    const { creator, calls, held } = fakeCreator(c)
    const db = await memoryDb()
    Object.defineProperty(db, 'earliestVersion', { value: BigInt(c.earliestVersion) })
    const clock = manualClock()
    const [from, to] = c.rootsAvailableFromTo
    const checkpointer = unwrap(
      newCheckpointer({
        name: 'vector',
        db,
        creator,
        clock,
        checkIntervalMs: 1000,
        countPartial: true,
        rootsPerVersion: c.rootsPerVersion,
        parameters: {
          interval: BigInt(c.interval),
          numKept: c.numKept,
          chunkSize: 1,
          initialVersion: BigInt(c.initialVersion),
        },
        getRoots: async (version) =>
          version < from || version > to
            ? err(coreError('IO_FAILED', 'version not found', { operation: 'roots' }))
            : ok(Array.from({ length: c.rootsPerVersion }, (_, i) => rootAt(Number(version), i))),
      }),
    )
    if (c.force === true) checkpointer.forceCheckpoint(BigInt(c.notifiedVersion))
    else checkpointer.notifyNewVersion(BigInt(c.notifiedVersion))
    clock.tick()
    await settle(checkpointer)
    expect(calls).toEqual(c.expectedCalls)
    const versions = [...new Set([...held.values()].map((root) => Number(root.version)))]
    expect(versions.sort((a, b) => a - b)).toEqual(c.expectedVersionsAfter)
    expect(checkpointer.status().failures > 0).toBe(
      c.expectedError !== undefined || c.name === 'roots unavailable stops',
    )
    await checkpointer.close()
  })
})

async function realSetup(over: Partial<CheckpointerConfig> = {}) {
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

async function collected(events: AsyncIterable<CheckpointerEvent>): Promise<string[]> {
  const seen: string[] = []
  for await (const event of events) seen.push(`${event.kind} ${event.version}`)
  return seen
}

describe('checkpointer', () => {
  test('makes and deletes real checkpoints, and tells of each', async () => {
    const { checkpointer, clock } = await realSetup()
    const events = collected(checkpointer.events())
    for (const version of [2n, 4n, 6n]) {
      checkpointer.notifyNewVersion(version)
      clock.tick()
      await settle(checkpointer)
    }
    await checkpointer.close()
    expect(await events).toEqual(['created 2', 'created 4', 'created 6', 'deleted 2'])
    expect(checkpointer.status()).toMatchObject({ state: 'closed', lastCreatedVersion: 6n })
  })

  test('does nothing before start, and forgets no forced version', async () => {
    const { checkpointer, creator, db } = await realSetup({
      autoStart: false,
      checkIntervalMs: 'disabled',
    })
    for (const version of [1n, 3n, 5n]) checkpointer.forceCheckpoint(version)
    await settle(checkpointer)
    expect(checkpointer.status()).toMatchObject({ state: 'idle', forcedVersions: [1n, 3n, 5n] })
    const watched = checkpointer.watchCheckpoints()
    checkpointer.start()
    await settle(checkpointer)
    const request = { version: 1, namespace: db.namespace }
    const { checkpoints } = unwrap(await creator.getCheckpoints(request))
    expect(checkpoints.map(({ root }) => root.version)).toEqual([1n, 3n, 5n])
    expect([await watched.next(), await watched.next()]).toEqual([
      { done: false, value: 1n },
      { done: false, value: 3n },
    ])
    await checkpointer.close()
  })

  test('pause holds scheduled work, never the caller', async () => {
    const { checkpointer } = await realSetup()
    const events = collected(checkpointer.events())
    checkpointer.pause(true)
    checkpointer.notifyNewVersion(2n)
    checkpointer.flush()
    await settle(checkpointer)
    checkpointer.pause(false)
    checkpointer.notifyNewVersion(4n)
    checkpointer.flush()
    await settle(checkpointer)
    await checkpointer.close()
    expect(await events).toEqual(['skipped 2', 'created 4'])
  })

  test('a failing forced re-creation deletes no good checkpoint', async () => {
    const c: Case = {
      name: '',
      existing: [],
      partialExisting: [7],
      rootsPerVersion: 2,
      earliestVersion: 0,
      rootsAvailableFromTo: [0, 9],
      notifiedVersion: 7,
      interval: 1,
      numKept: 1,
      initialVersion: 0,
      createFailsAt: [7],
      expectedCalls: [],
      expectedVersionsAfter: [],
    }
    const { creator, held } = fakeCreator(c)
    const db = await memoryDb()
    const checkpointer = unwrap(
      newCheckpointer({
        name: 'x',
        db,
        creator,
        checkIntervalMs: 'disabled',
        rootsPerVersion: 2,
        parameters: { interval: 1n, numKept: 1, chunkSize: 1 },
        getRoots: async () => ok([rootAt(7, 0), rootAt(7, 1)]),
      }),
    )
    checkpointer.forceCheckpoint(7n)
    await settle(checkpointer)
    expect([...held.keys()]).toEqual(['7/0'])
    expect(checkpointer.status()).toMatchObject({ failures: 1, lastFailure: { doing: 'creating' } })
    await checkpointer.close()
  })

  test('what a callback throws is a failure that is told', async () => {
    const { checkpointer } = await realSetup({
      getRoots: () => {
        throw new Error('bug')
      },
    })
    checkpointer.forceCheckpoint(1n)
    await settle(checkpointer)
    expect(checkpointer.status().failures).toBe(1)
    await checkpointer.close()
  })

  test('refuses a configuration with both or neither source of parameters', async () => {
    const db = await memoryDb()
    const creator = newCreator({ store: new MemoryBlobStore(), db })
    const base = { name: 'x', db, creator, checkIntervalMs: 1, rootsPerVersion: 1 }
    const parameters = { interval: 1n, numKept: 1, chunkSize: 1 }
    const getParameters = async () => ok(parameters)
    expect(newCheckpointer(base).ok).toBe(false)
    expect(newCheckpointer({ ...base, parameters, getParameters }).ok).toBe(false)
    expect(newCheckpointer({ ...base, parameters, rootsPerVersion: 0 }).ok).toBe(false)
  })
})

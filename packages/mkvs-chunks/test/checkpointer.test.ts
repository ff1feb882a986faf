import { coreError, err, MemoryBlobStore, ok, unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import {
  commitTree,
  MemoryNodeStore,
  newCheckpointer,
  newCreator,
  openNodeDb,
  testNamespace,
  Tree,
  type Creator,
} from '../src/index.ts'
import {
  collected,
  fakeCreator,
  manualClock,
  realSetup,
  rootAt,
  settle,
  versionsIn,
  type Case,
} from './support/checkpointers.ts'
import { memoryDb } from './support/harness.ts'
import { utf8 } from './support/vectors.ts'

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

  test.each([
    ['rootsPerVersion', { rootsPerVersion: 1.5 }],
    ['checkIntervalMs', { checkIntervalMs: 0 }],
    ['checkIntervalMs', { checkIntervalMs: Number.NaN }],
  ])('refuses a number out of range and names it: %s', async (argument, wrong) => {
    const db = await memoryDb()
    const creator = newCreator({ store: new MemoryBlobStore(), db })
    const parameters = { interval: 1n, numKept: 1, chunkSize: 1 }
    const base = { name: 'x', db, creator, checkIntervalMs: 1, rootsPerVersion: 1, parameters }
    const made = newCheckpointer({ ...base, ...wrong })
    expect(made.ok ? 'ok' : made.error.details).toMatchObject({ argument })
  })

  test('waits for the interval, varied by a tenth to both sides, and anew after a pass', async () => {
    const jitters = [0, 0.5, 0.999_999]
    const { checkpointer, clock } = await realSetup({
      checkIntervalMs: 1000,
      jitter: () => jitters.shift() ?? 0.5,
    })
    expect(clock.slept.length).toBe(1)
    for (const version of [2n, 4n]) {
      checkpointer.notifyNewVersion(version)
      await settle(checkpointer)
      expect(checkpointer.status().notifiedVersion).toBe(version)
      clock.tick()
      await settle(checkpointer)
      expect(checkpointer.status()).toMatchObject({
        notifiedVersion: undefined,
        lastCreatedVersion: version,
      })
    }
    checkpointer.pause(false)
    await checkpointer.close()
    expect(clock.slept.map(Math.round)).toEqual([900, 1000, 1100, 1000])
  })

  test('a notification never fails, and the newest version counts', async () => {
    const { checkpointer, clock } = await realSetup()
    for (const version of [4n, 6n, 2n])
      expect(checkpointer.notifyNewVersion(version)).toBe(undefined)
    expect(checkpointer.status().notifiedVersion).toBe(6n)
    clock.tick()
    await settle(checkpointer)
    expect(checkpointer.status().lastCreatedVersion).toBe(6n)
    await checkpointer.close()
    checkpointer.notifyNewVersion(8n)
    checkpointer.forceCheckpoint(8n)
    checkpointer.flush()
    checkpointer.pause(true)
    checkpointer.start()
    expect(checkpointer.status().state).toBe('closed')
  })

  test('asks for parameters before each pass: none skips it, a failure is told', async () => {
    const failure = coreError('IO_FAILED', 'no answer', { operation: 'parameters' })
    const answers = [
      ok(undefined),
      err(failure),
      ok({ interval: 0n, numKept: 1, chunkSize: 1 }),
      ok({ interval: 2n, numKept: 1, chunkSize: 100 }),
    ]
    const asked: bigint[] = []
    const real = await realSetup({ autoStart: false })
    const subject = unwrap(
      newCheckpointer({
        name: 'asks',
        db: real.db,
        creator: real.creator,
        clock: real.clock,
        checkIntervalMs: 10,
        rootsPerVersion: 1,
        getParameters: async (version) => {
          asked.push(version)
          return answers.shift() ?? ok(undefined)
        },
      }),
    )
    const events = collected(subject.events())
    for (const version of [2n, 3n, 4n, 5n]) {
      subject.notifyNewVersion(version)
      subject.flush()
      await settle(subject)
    }
    expect(subject.status()).toMatchObject({
      failures: 1,
      lastFailure: { doing: 'parameters', version: 3n, error: failure },
    })
    await subject.close()
    expect(asked).toEqual([2n, 3n, 4n, 5n])
    expect(await events).toEqual(['skipped 2', 'failed 3', 'skipped 4', 'created 4'])
  })

  test('wants exactly as many roots as configured, and takes a hash for a state root', async () => {
    const wrong = await realSetup({ rootsPerVersion: 2 })
    wrong.checkpointer.forceCheckpoint(2n)
    await settle(wrong.checkpointer)
    expect(wrong.checkpointer.status()).toMatchObject({ lastFailure: { doing: 'roots' } })
    await wrong.checkpointer.close()

    const { checkpointer, db, creator } = await realSetup({ autoStart: false })
    await checkpointer.close()
    const lifting = unwrap(
      newCheckpointer({
        name: 'lifts',
        db,
        creator,
        checkIntervalMs: 'disabled',
        rootsPerVersion: 1,
        parameters: { interval: 1n, numKept: 1, chunkSize: 1 },
        getRoots: async (version) => ok(db.rootsOf(version).map(({ hash }) => hash)),
      }),
    )
    lifting.forceCheckpoint(3n)
    await settle(lifting)
    await lifting.close()
    const [root] = db.rootsOf(3n)
    if (root === undefined) throw new TypeError('version 3 has a root')
    expect(unwrap(await creator.getCheckpoint(1, root)).root).toEqual(root)
  })

  test('keeps the initial checkpoint for ever, and the newest of the others', async () => {
    const { checkpointer, clock, creator, db } = await realSetup({
      parameters: { interval: 2n, numKept: 1, chunkSize: 100, initialVersion: 1n },
    })
    for (const version of [1n, 3n, 5n, 6n]) {
      checkpointer.notifyNewVersion(version)
      clock.tick()
      await settle(checkpointer)
    }
    await checkpointer.close()
    expect(await versionsIn(creator, db)).toEqual([1n, 5n])
  })

  test('neither counts nor deletes the checkpoints of another namespace', async () => {
    const store = new MemoryBlobStore()
    const theirs = unwrap(
      await openNodeDb({ store: new MemoryNodeStore(), namespace: testNamespace('theirs') }),
    )
    const tree = new Tree()
    unwrap(tree.insert(utf8('theirs'), utf8('v')))
    const { root } = unwrap(await commitTree(tree, theirs, { version: 1n }))
    const theirCreator = newCreator({ store, db: theirs })
    unwrap(await theirCreator.createCheckpoint(root, 100))

    const { db } = await realSetup({ autoStart: false })
    const creator = newCreator({ store, db })
    const { checkpointer, clock } = await realSetup({ db, creator })
    for (const version of [2n, 4n, 6n]) {
      checkpointer.notifyNewVersion(version)
      clock.tick()
      await settle(checkpointer)
    }
    await checkpointer.close()
    expect(await versionsIn(theirCreator, theirs)).toEqual([1n])
    expect(await versionsIn(creator, db)).toEqual([4n, 6n])
  })

  test('forces while paused or disabled, and announces a version before the work', async () => {
    const { db, creator } = await realSetup({ autoStart: false })
    const announced: bigint[] = []
    const { checkpointer } = await realSetup({
      db,
      creator,
      checkIntervalMs: 'disabled',
      getRoots: async (version) => {
        // Never answered if the version were announced only afterwards.
        for await (const begun of watched) {
          announced.push(begun)
          break
        }
        return ok(db.rootsOf(version))
      },
    })
    const watched = checkpointer.watchCheckpoints()
    const events = collected(checkpointer.events())
    checkpointer.pause(true)
    checkpointer.forceCheckpoint(5n)
    await settle(checkpointer)
    checkpointer.pause(false)
    checkpointer.notifyNewVersion(4n)
    checkpointer.flush()
    await settle(checkpointer)
    await checkpointer.close()
    expect(announced).toEqual([5n])
    expect(await events).toEqual(['created 5', 'skipped 4'])
    expect(await versionsIn(creator, db)).toEqual([5n])
  })

  test('close waits for the pass in hand, starts no other one, and ends all listening', async () => {
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { db, creator } = await realSetup({ autoStart: false })
    const { checkpointer } = await realSetup({
      db,
      creator,
      getRoots: async (version) => {
        await gate
        return ok(db.rootsOf(version))
      },
    })
    const events = collected(checkpointer.events())
    checkpointer.forceCheckpoint(1n)
    checkpointer.forceCheckpoint(3n)
    for (let i = 0; i < 50; i++) await Promise.resolve()
    expect(checkpointer.status()).toMatchObject({ state: 'working', forcedVersions: [3n] })
    let isClosed = false
    const closing = (async () => {
      await checkpointer.close()
      isClosed = true
    })()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(isClosed).toBe(false)
    release()
    await closing
    await checkpointer.close()
    expect(await events).toEqual(['created 1'])
    expect(await versionsIn(creator, db)).toEqual([1n])
  })

  test('a signal closes it, and ends all listening', async () => {
    const controller = new AbortController()
    const { checkpointer, clock } = await realSetup({ signal: controller.signal })
    const events = collected(checkpointer.events())
    const watched = checkpointer.watchCheckpoints()
    checkpointer.notifyNewVersion(2n)
    clock.tick()
    await settle(checkpointer)
    controller.abort()
    expect(await events).toEqual(['created 2'])
    expect((await watched.next()).value).toBe(2n)
    expect((await watched.next()).done).toBe(true)
    expect(checkpointer.status().state).toBe('closed')

    const late = await realSetup({ signal: controller.signal })
    expect(late.checkpointer.status().state).toBe('closed')
    expect(await collected(late.checkpointer.events())).toEqual([])
  })

  test('a failure of the list or of a deletion is told, and the next version is tried', async () => {
    const failure = coreError('IO_FAILED', 'no disk', { operation: 'list' })
    const { db, creator: real } = await realSetup({ autoStart: false })
    let broken: 'list' | 'delete' | undefined = 'list'
    const creator: Creator = {
      ...newCreator({ store: new MemoryBlobStore(), db }),
      createCheckpoint: (...args) => real.createCheckpoint(...args),
      getCheckpoint: (...args) => real.getCheckpoint(...args),
      getCheckpointChunk: (...args) => real.getCheckpointChunk(...args),
      getCheckpoints: async (...args) =>
        broken === 'list' ? err(failure) : real.getCheckpoints(...args),
      deleteCheckpoint: async (...args) =>
        broken === 'delete' ? err(failure) : real.deleteCheckpoint(...args),
    }
    const { checkpointer, clock } = await realSetup({ db, creator })
    const failures: string[] = []
    const reading = (async () => {
      for await (const event of checkpointer.events()) {
        failures.push(event.kind === 'failed' ? `${event.doing} ${event.version}` : event.kind)
      }
    })()
    for (const version of [2n, 3n, 4n, 6n]) {
      checkpointer.notifyNewVersion(version)
      clock.tick()
      await settle(checkpointer)
      broken = version >= 3n ? 'delete' : undefined
    }
    await checkpointer.close()
    await reading
    expect(failures).toEqual(['listing 2', 'created', 'created', 'created', 'deleting 2'])
    expect(await versionsIn(real, db)).toEqual([2n, 4n, 6n])
  })

  test('what a failed pass left partial goes, and does not count as kept', async () => {
    const c: Case = {
      name: '',
      existing: [2, 4],
      partialExisting: [6],
      rootsPerVersion: 2,
      earliestVersion: 1,
      rootsAvailableFromTo: [0, 9],
      notifiedVersion: 8,
      interval: 2,
      numKept: 2,
      initialVersion: 0,
      expectedCalls: [],
      expectedVersionsAfter: [],
    }
    const { creator, held } = fakeCreator(c)
    const clock = manualClock()
    const checkpointer = unwrap(
      newCheckpointer({
        name: 'partial',
        db: await memoryDb(),
        creator,
        clock,
        checkIntervalMs: 10,
        rootsPerVersion: 2,
        parameters: { interval: 2n, numKept: 1, chunkSize: 1 },
        getRoots: async (version) => ok([rootAt(Number(version), 0), rootAt(Number(version), 1)]),
      }),
    )
    checkpointer.notifyNewVersion(8n)
    clock.tick()
    await settle(checkpointer)
    await checkpointer.close()
    expect([...held.keys()].sort()).toEqual(['4/0', '4/1', '8/0', '8/1'])
  })
})

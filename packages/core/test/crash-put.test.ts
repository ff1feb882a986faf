import { describe, expect, it } from 'vitest'
import { FileBlobStore } from '../src/file/file-blob-store.ts'
import type { FileSystem } from '../src/file/file-system.ts'
import { unwrap } from '../src/result/result.ts'
import {
  createScheduler,
  evenly,
  seededRandom,
  SimulatedDisk,
  type CrashReport,
  type CrashState,
  type Gate,
} from '../src/testing/simulated-disk/index.ts'
import { BlobLedger, HOME, openBlobs } from './crash/blob-ledger.ts'
import { create, LONG, proveBlobs, put, type Step } from './crash/blob-steps.ts'
import { addReports, EFFORT, insist, proveCrashStates, say, SEED } from './crash/crash-proof.ts'
import { LogLedger, openLog } from './crash/log-ledger.ts'

describe('after a power cut, whenever it comes', () => {
  it('a put is whole or absent, and there once acknowledged', async () => {
    const reports = [
      await proveBlobs({ steps: [put('a', 'one')] }),
      await proveBlobs({ steps: [put('d/e/a', LONG)] }),
      await proveBlobs({ first: [put('d/a', 'one')], steps: [put('d/a', LONG)] }),
    ]
    say('put', addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })

  it('a put is there although its directory was made for a hint, without a promise', async () => {
    const hint: Step = async (_, store) => {
      const put = await store.put('d/hint', new Uint8Array(1), { durable: false })
      return put.ok ? 'ok' : put.error.code
    }
    const report = await proveBlobs({ steps: [hint, put('d/a', 'one'), hint] })
    say('put beside a hint', report)
    expect(report.exhaustive).toBe(true)
  })

  it('a name is there once a durable read has seen it, whoever made it, however', async () => {
    const disk = new SimulatedDisk()
    const [ours, theirs] = [
      await openBlobs(disk.fileSystem('A')),
      await openBlobs(disk.fileSystem('B')),
    ]
    unwrap(await theirs.put('d/e/hint', new Uint8Array(1), { durable: false }))
    expect(unwrap(await ours.get('d/e/hint', { durable: true }))?.sizeBytes).toBe(1)
    disk.mark('seen')
    const report = await proveCrashStates(disk, async (state) => {
      const store = await openBlobs(state.disk.fileSystem())
      const isThere = unwrap(await store.head('d/e/hint')) !== undefined
      insist(isThere || !state.marks.includes('seen'), () => 'a name that was seen is gone')
    })
    say('a durable read', report)
    expect(report.exhaustive).toBe(true)
  })

  it('a create is whole or absent, and taken once acknowledged', async () => {
    const reports = [
      await proveBlobs({ steps: [create('a', 'one')] }),
      await proveBlobs({ steps: [create('d/e/a', LONG)] }),
      await proveBlobs({ first: [put('d/a', 'one')], steps: [create('d/a', LONG)] }),
    ]
    say('create-only put', addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })
})

/** A file system whose syncs take effect at once and answer later, as those of a kernel do. */
function slowSyncs(fs: FileSystem, gate: Gate): FileSystem {
  const syncDirectory = async (path: string): Promise<boolean> => {
    const done = await fs.syncDirectory(path)
    await gate.turn('main', { call: 'syncDirectory', path })
    return done
  }
  return { ...fs, syncDirectory }
}

describe('puts at once, whose calls come in any order,', () => {
  it('are each there once acknowledged, although they share their syncs', async () => {
    const reports: CrashReport[] = []
    for (let order = 0; order < 25 * EFFORT; order += 1) {
      const disk = new SimulatedDisk()
      const ledger = new BlobLedger(disk)
      unwrap(await (await openBlobs(disk.fileSystem())).put('d/hint', new Uint8Array(1)))
      const scheduler = createScheduler(evenly(seededRandom(SEED * 1_000 + order)))
      const fileSystem = slowSyncs(disk.fileSystem('main', scheduler), scheduler)
      const opening = openBlobs(fileSystem)
      await scheduler.run([opening])
      const store = await opening
      const steps = [put('d/a', 'one'), create('d/b', 'two'), put('d/c', 'three')]
      await scheduler.run(steps.map((step) => step(ledger, store)))
      const check = (state: CrashState) => ledger.check(state)
      reports.push(await proveCrashStates(disk, check, { limit: 25 * EFFORT }))
    }
    say(`three puts in ${reports.length} orders`, addReports(reports))
  })
})

describe('after a power cut during putMany and sweep', () => {
  it('every file is old or new, and all are there once acknowledged', async () => {
    const both: Step = (ledger, store) =>
      ledger.putMany(store, { 'd/a': 'one', 'd/b': LONG.slice(0, 600), 'e/c': 'three' })
    const reports = [
      await proveBlobs({ steps: [both] }),
      await proveBlobs({ first: [put('d/a', 'zero')], steps: [both, put('e/c', 'four')] }),
      await proveBlobs({
        steps: [both, create('d/b', 'other')],
        atOnce: true,
        limit: 500 * EFFORT,
      }),
    ]
    say('putMany', addReports(reports))
    expect(reports[0]?.exhaustive).toBe(true)
  })

  it('a sweep deletes what crashed puts left, and no blob', async () => {
    const disk = new SimulatedDisk()
    for (const name of ['.tmp-1-1', 'd/.tmp-1-2', 'd/e/.tmp-1-3']) {
      disk.plant(`${HOME}/${name}`, new Uint8Array(3))
    }
    const ledger = new BlobLedger(disk)
    const store = unwrap(await FileBlobStore.open(HOME, { fileSystem: disk.fileSystem() }))
    await put('d/a', 'one')(ledger, store)
    expect(await ledger.sweep(store)).toBe('ok')
    await create('d/b', 'two')(ledger, store)
    const report = await proveCrashStates(disk, (state) => ledger.check(state))
    say('sweep of a store', report)
    expect(report.exhaustive).toBe(true)
  })

  it('a second power cut, during the recovery from the first, loses nothing either', async () => {
    const disk = new SimulatedDisk()
    const ledger = new BlobLedger(disk)
    const store = unwrap(await FileBlobStore.open(HOME, { fileSystem: disk.fileSystem() }))
    for (const step of [put('d/a', 'one'), create('e/b', 'two'), put('d/a', 'three')]) {
      await step(ledger, store)
    }
    const reports: CrashReport[] = []
    const first = await proveCrashStates(disk, async ({ disk: left }) => {
      const second = left.withNodes(left.start)
      const recovered = new BlobLedger(second, await ledger.find(left))
      const opened = unwrap(
        await FileBlobStore.open(HOME, { fileSystem: second.fileSystem('recovery') }),
      )
      await recovered.sweep(opened)
      await put('d/a', 'four')(recovered, opened)
      await create('e/b', 'five')(recovered, opened)
      reports.push(await proveCrashStates(second, (state) => recovered.check(state)))
    })
    say(`recovery of a store, from all of ${first.states} states`, addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })
})

describe('a log, after a power cut, whenever it comes,', () => {
  it('ends with the last record that was acknowledged, or the one begun after it', async () => {
    const disk = new SimulatedDisk()
    const ledger = new LogLedger(disk)
    const { log } = await openLog(disk.fileSystem())
    await ledger.appendMany(log, 3)
    const report = await proveCrashStates(disk, (state) => ledger.check(state))
    say('append', report)
    expect(report.exhaustive).toBe(true)
  })

  it('holds one of two records that were appended at once', async () => {
    const reports: CrashReport[] = []
    for (const begun of [0, 1]) {
      const disk = new SimulatedDisk()
      const ledger = new LogLedger(disk)
      const { log, store } = await openLog(disk.fileSystem())
      const other = (await openLog(disk.fileSystem())).log
      expect(store.supports.durable).toBe('power')
      const tip = await ledger.appendMany(log, begun)
      const ends = await Promise.all([
        ledger.append(log, tip, 'ours'),
        ledger.append(other, tip, 'theirs'),
      ])
      expect(ends.filter((end) => end === 'CONFLICT')).toHaveLength(1)
      reports.push(await proveCrashStates(disk, (state) => ledger.check(state)))
    }
    say('append and append', addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })
})

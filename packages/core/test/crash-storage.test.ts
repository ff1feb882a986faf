import { describe, expect, it } from 'vitest'
import type { FileStorage, FileStorageOptions } from '../src/file/file-storage.ts'
import { unwrap } from '../src/result/result.ts'
import {
  processCrash,
  SimulatedDisk,
  type CrashReport,
  type CrashStatesOptions,
} from '../src/testing/simulated-disk/index.ts'
import { addReports, EFFORT, proveCrashStates, say, SEED } from './crash/crash-proof.ts'
import { StorageLedger } from './crash/storage-ledger.ts'

/** Torn at two sector boundaries. */
const LONG = 'x'.repeat(1_200)

type Work = (ledger: StorageLedger, storage: FileStorage) => Promise<unknown>

interface World extends CrashStatesOptions {
  /** What lies there already, durable. */
  readonly before?: Work
  readonly work: Work
  readonly storage?: FileStorageOptions
  /** Called with a state that was found well, for a second power cut. */
  readonly second?: (left: SimulatedDisk, ledger: StorageLedger) => Promise<void>
}

async function prove({ before, work, storage: given, second, ...options }: World) {
  const past = new SimulatedDisk()
  const pastLedger = new StorageLedger(past, given)
  if (before !== undefined) await before(pastLedger, await pastLedger.open('past'))
  const disk = processCrash(past)
  const ledger = new StorageLedger(disk, given, await pastLedger.find(disk))
  const from = disk.journal.length
  await work(ledger, await ledger.open())
  const settings = { from, ...options }
  return proveCrashStates(
    disk,
    async (state) => {
      if (second !== undefined) await second(state.disk, ledger)
      else await ledger.check(state)
    },
    settings,
  )
}

describe('a checkpoint, after a power cut, whenever it comes,', () => {
  it('that was committed in one record is whole or absent', async () => {
    const reports = [
      await prove({
        work: (ledger, storage) => ledger.save(storage, 'job', { page: 1, note: LONG }),
      }),
      await prove({
        work: (ledger, storage) => ledger.commit(storage, 'job', { inline: { page: 1 } }),
      }),
    ]
    say('a commit in one record', addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })

  it('that was committed with staged entries is whole or absent', async () => {
    const report = await prove({
      work: (ledger, storage) =>
        ledger.commit(storage, 'job', { inline: { page: 1 }, staged: { one: 'one', two: LONG } }),
    })
    say('a commit with staged entries', report)
    expect(report.exhaustive).toBe(true)
  })

  it('that is replaced is the old one or the new one', async () => {
    const report = await prove({
      before: (ledger, storage) => ledger.commit(storage, 'job', { staged: { one: 'one' } }),
      work: async (ledger, storage) => {
        expect(await ledger.save(storage, 'job', { page: 2 })).toBe('ok')
        expect(await ledger.commit(storage, 'job', { staged: { one: 'three' } })).toBe('ok')
      },
    })
    say('replace', report)
    expect(report.exhaustive).toBe(true)
  })

  it('that is removed is there or gone, and stays gone', async () => {
    const report = await prove({
      before: async (ledger, storage) => {
        await ledger.commit(storage, 'job', { staged: { one: 'one' } })
        await ledger.commit(storage, 'job', { staged: { one: 'two' } })
        await ledger.save(storage, 'other', { page: 1 })
      },
      work: async (ledger, storage) => {
        expect(await ledger.remove(storage, 'job')).toBe('ok')
        expect(await ledger.save(storage, 'job', { page: 3 })).toBe('ok')
      },
    })
    say('remove', report)
    expect(report.exhaustive).toBe(true)
  })

  it('is what it was, whatever gc deletes', async () => {
    const report = await prove({
      before: async (ledger, storage) => {
        for (const one of ['1', '2', '3', '4'])
          await ledger.commit(storage, 'job', { staged: { one } })
        const abandoned = unwrap(await storage.createCheckpoint('job', { ifExists: 'replace' }))
        unwrap(await abandoned.put('left', new Uint8Array(70_000)))
        await ledger.save(storage, 'job', { page: 5 })
        await ledger.save(storage, 'other', { page: 1 })
      },
      work: async (ledger, storage) => {
        expect(await ledger.gc(storage)).toBe('ok')
        expect(await ledger.save(storage, 'job', { page: 6 })).toBe('ok')
      },
    })
    say('gc', report)
  })

  it('is what it was while retention gives up older ones', async () => {
    const report = await prove({
      before: async (ledger, storage) => {
        for (let page = 1; page < 63; page += 1) await ledger.save(storage, 'job', { page })
        await ledger.commit(storage, 'job', { staged: { one: 'one' } })
      },
      work: (ledger, storage) => ledger.commit(storage, 'job', { staged: { one: 'two' } }),
      limit: 10 * EFFORT,
    })
    say('retention', report)
    expect(report.states).toBeGreaterThan(300)
  })

  it('is whole or absent with presence files beside it', async () => {
    const report = await prove({
      storage: { guard: true },
      before: (ledger, storage) => ledger.commit(storage, 'job', { staged: { one: 'one' } }),
      work: async (ledger, storage) => {
        expect(await ledger.commit(storage, 'job', { staged: { one: LONG } })).toBe('ok')
        expect(await ledger.remove(storage, 'job')).toBe('ok')
      },
      limit: 20 * EFFORT,
    })
    say('a guarded commit and removal', report)
    expect(report.states).toBeGreaterThan(300)
  })

  it('is old or new when several are saved at once', async () => {
    const report = await prove({
      before: (ledger, storage) => ledger.save(storage, 'a', { page: 0 }),
      work: (ledger, storage) =>
        Promise.all([
          ledger.save(storage, 'a', { page: 1 }),
          ledger.commit(storage, 'a', { staged: { one: 'one' } }),
          ledger.save(storage, 'b', { page: 2 }),
        ]),
    })
    say('three commits at once', report)
    expect(report.exhaustive).toBe(true)
  })
})

describe('a second power cut, during the recovery from the first,', () => {
  it('loses no checkpoint either', async () => {
    let index = SEED
    const stride = Math.max(1, Math.floor(5 / EFFORT))
    const reports: CrashReport[] = []
    const first = await prove({
      before: async (ledger, storage) => {
        for (const one of ['1', '2', '3']) await ledger.commit(storage, 'job', { staged: { one } })
      },
      work: async (ledger, storage) => {
        await ledger.commit(storage, 'job', { staged: { one: '4' } })
        await ledger.gc(storage)
      },
      second: async (left, ledger) => {
        if (index++ % stride !== 0) return
        const found = await ledger.find(left)
        const disk = left.withNodes(left.start)
        const recovered = new StorageLedger(disk, {}, found)
        const storage = await recovered.open()
        await recovered.gc(storage)
        await recovered.commit(storage, 'job', { staged: { one: '5' } })
        const check = recovered.check.bind(recovered)
        reports.push(await proveCrashStates(disk, check, { limit: 20 * EFFORT }))
      },
    })
    say(`recovery of a storage, from ${reports.length} of ${first.states}`, addReports(reports))
    expect(reports.length).toBeGreaterThan(5)
  })
})

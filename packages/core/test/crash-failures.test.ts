import { describe, expect, it } from 'vitest'
import { unwrap } from '../src/result/result.ts'
import {
  SimulatedDisk,
  type CrashReport,
  type ErrorName,
} from '../src/testing/simulated-disk/index.ts'
import { BlobLedger, openBlobs } from './crash/blob-ledger.ts'
import { addReports, EFFORT, insist, proveCrashStates, say, SEED } from './crash/crash-proof.ts'
import { LogLedger, openLog } from './crash/log-ledger.ts'

const ERRORS: readonly ErrorName[] = ['EIO', 'ENOSPC', 'EACCES', 'EMFILE']

/** What any failed call of a store may answer. */
const LISTED = new Set(['ok', 'CONFLICT', 'IO_FAILED', 'NO_SPACE', 'OUTCOME_UNKNOWN'])

type Work = (disk: SimulatedDisk) => Promise<{
  /** The call from which on one fails. */
  readonly from: number
  readonly run: () => Promise<readonly string[]>
  readonly prove: () => Promise<CrashReport>
}>

const blobs: Work = async (disk) => {
  const ledger = new BlobLedger(disk)
  const store = await openBlobs(disk.fileSystem())
  await ledger.put(store, 'd/a', 'zero')
  const run = async () => [
    await ledger.put(store, 'd/a', 'one'),
    await ledger.put(store, 'd/b', 'two', { if: 'absent' }),
    await ledger.putMany(store, { 'd/a': 'three', 'e/c': 'four' }),
    await ledger.put(store, 'd/a', 'five'),
  ]
  const prove = () => proveCrashStates(disk, (state) => ledger.check(state), { limit: 40 * EFFORT })
  return { from: disk.calls, run, prove }
}

const log: Work = async (disk) => {
  const ledger = new LogLedger(disk)
  const patience = { attempts: 2, pauseMs: 0, sleep: async () => undefined }
  const opened = await openLog(disk.fileSystem(), patience)
  let tip = await ledger.appendMany(opened.log, 3)
  const append = async (payload: string) => {
    const appended = await ledger.append(opened.log, tip, payload)
    if (typeof appended === 'string') return appended
    tip = appended
    return 'ok'
  }
  const run = async () => [
    await append('four'),
    await ledger.truncate(opened.log, 2),
    await append('five'),
  ]
  const prove = () => proveCrashStates(disk, (state) => ledger.check(state), { limit: 20 * EFFORT })
  return { from: disk.calls, run, prove }
}

/** Fails each call of the work once, with each error, sampled by seed where effort is low. */
async function failEach(work: Work, stride: number) {
  const whole = new SimulatedDisk()
  const { from, run } = await work(whole)
  expect(new Set(await run())).toEqual(new Set(['ok']))
  const reports: CrashReport[] = []
  const every = Math.max(1, Math.floor(stride / EFFORT))
  for (let index = from, turn = SEED; index < whole.calls; index += 1) {
    // A sync may fail in one way only, and is never passed over.
    const isSync = whole.journal.filter(isCall)[index]?.call.includes('sync') ?? false
    for (const error of isSync ? (['EIO', 'ENOSPC'] as const) : ERRORS) {
      if (!isSync && turn++ % every !== 0) continue
      const disk = new SimulatedDisk()
      const failing = await work(disk)
      disk.failAt(index, error)
      const answers = await failing.run()
      for (const answer of answers) expect(LISTED).toContain(answer)
      disk.clearFaults()
      expect(disk.openHandles).toEqual([])
      reports.push(await failing.prove())
    }
  }
  return reports
}

function isCall({ call }: { readonly call: string }): boolean {
  return call !== 'mark' && call !== 'plant'
}

describe('one call that fails, and a power cut later,', () => {
  it('leaves every key old or new, and takes nothing acknowledged along', async () => {
    const reports = await failEach(blobs, 3)
    say(`puts with one failing call, ${reports.length} of them`, addReports(reports))
  })

  it('leaves a log that ends with what was acknowledged', async () => {
    const reports = await failEach(log, 3)
    say(`appends with one failing call, ${reports.length} of them`, addReports(reports))
  })

  it('of a directory leaves no name that is called durable and is not', async () => {
    const disk = new SimulatedDisk()
    const store = await openBlobs(disk.fileSystem())
    unwrap(await store.put('d/a', new Uint8Array(1)))
    disk.failNext('EIO', { call: 'syncDirectory' })
    const put = await store.put('d/b', new Uint8Array(1), { if: 'absent' })
    expect(put.ok ? 'ok' : put.error.code).toBe('OUTCOME_UNKNOWN')
    const durable = await store.get('d/b', { durable: true })
    if (durable.ok) disk.mark('seen')
    const later = await store.put('d/c', new Uint8Array(1))
    expect(later.ok ? 'ok' : later.error.code).toBe('IO_FAILED')
    await proveCrashStates(disk, async (state) => {
      const found = unwrap(await (await openBlobs(state.disk.fileSystem())).head('d/b'))
      insist(found !== undefined || !state.marks.includes('seen'), () => 'd/b is gone')
    })
  })
})

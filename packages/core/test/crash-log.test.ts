import { describe, expect, it } from 'vitest'
import { unwrap } from '../src/result/result.ts'
import {
  processCrash,
  SimulatedDisk,
  type CrashReport,
} from '../src/testing/simulated-disk/index.ts'
import { addReports, EFFORT, proveCrashStates, say } from './crash/crash-proof.ts'
import { findLog, LogLedger, openLog } from './crash/log-ledger.ts'

/** A disk on which a log lies with so many records, all durable. */
async function diskWithLog(count: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const { log } = await openLog(disk.fileSystem())
  await new LogLedger(disk).appendMany(log, count)
  return processCrash(disk)
}

/** Cuts the power everywhere while the log of a disk is worked with. */
async function prove(
  disk: SimulatedDisk,
  work: (ledger: LogLedger, open: () => ReturnType<typeof openLog>) => Promise<void>,
  limit?: number,
): Promise<CrashReport> {
  const ledger = new LogLedger(disk, await findLog(disk))
  const from = disk.journal.length
  await work(ledger, () => openLog(disk.fileSystem()))
  const options = limit === undefined ? { from } : { from, limit }
  return proveCrashStates(disk, (state) => ledger.check(state), options)
}

describe('a log, after a power cut while it is truncated,', () => {
  it('begins where it began or where it was to begin, and ends where it ended', async () => {
    const reports: CrashReport[] = []
    for (const [before, keep] of [
      [2, []],
      [4, []],
      [4, [2]],
      [6, [1, 3]],
    ] as const) {
      const report = await prove(await diskWithLog(6), async (ledger, open) => {
        const { log } = await open()
        expect(await ledger.truncate(log, before, { keep })).toBe('ok')
      })
      reports.push(report)
    }
    say('truncate', addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })

  it('never comes back to what it gave up, however often', async () => {
    const report = await prove(await diskWithLog(4), async (ledger, open) => {
      const { log } = await open()
      expect(await ledger.truncate(log, 2, { keep: [1] })).toBe('ok')
      const tip = await ledger.append(log, await ledger.latest(log), 'five')
      expect(tip).toMatchObject({ seq: 5 })
      expect(await ledger.truncate(log, 5)).toBe('ok')
    })
    say('truncate, append, truncate', report)
  })

  it('is the same after a sweep of what a crash left', async () => {
    const disk = await diskWithLog(6)
    const { log } = await openLog(disk.fileSystem())
    // The floor is durable, but nothing was deleted.
    const unlinks = { call: 'unlink', times: Infinity } as const
    disk.failNext('EACCES', unlinks)
    unwrap(await log.truncate(5, { force: true, keep: [2] }))
    disk.clearFaults()
    const report = await prove(processCrash(disk), async (ledger, open) => {
      expect(await ledger.sweep((await open()).log)).toBe('ok')
    })
    say('sweep of a log', report)
    expect(report.exhaustive).toBe(true)
  })
})

describe('a second power cut, during the recovery from the first,', () => {
  it('loses nothing either: append, truncate and sweep', async () => {
    const disk = await diskWithLog(3)
    const ledger = new LogLedger(disk, await findLog(disk))
    const from = disk.journal.length
    const { log } = await openLog(disk.fileSystem())
    await ledger.append(log, await ledger.latest(log), 'four')
    await ledger.truncate(log, 3)
    let index = 0
    const reports: CrashReport[] = []
    const first = await proveCrashStates(
      disk,
      async ({ disk: left }) => {
        if (index++ % stride(4) !== 0) return
        const again = await prove(left.withNodes(left.start), async (recovered, open) => {
          const { log } = await open()
          const tip = await recovered.latest(log)
          await recovered.append(log, tip, 'recovered')
          await recovered.truncate(log, tip?.seq ?? 1)
          await recovered.sweep(log)
        })
        reports.push(again)
      },
      { from },
    )
    say(`recovery of a log, from ${reports.length} of ${first.states} states`, addReports(reports))
    expect(reports.length).toBeGreaterThan(5)
  })
})

/** Every so manieth is looked at; with more effort, more. */
function stride(usual: number): number {
  return Math.max(1, Math.floor(usual / EFFORT))
}

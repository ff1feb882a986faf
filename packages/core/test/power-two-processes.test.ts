import { describe, expect, it } from 'vitest'
import { unwrap } from '../src/index.ts'
import {
  processCrash,
  SimulatedDisk,
  type Gate,
  type Operation,
} from '../src/testing/simulated-disk/index.ts'
import { HOME } from './crash/blob-ledger.ts'
import { proveCrashStates } from './crash/crash-proof.ts'
import { findLog, LogLedger, openLog } from './crash/log-ledger.ts'

/** Once armed, lets calls through until one that fits; then the process stands still for ever. */
class Freezer implements Gate {
  isArmed = false
  isFrozen = false
  readonly #fits: (operation: Operation) => boolean

  constructor(fits: (operation: Operation) => boolean) {
    this.#fits = fits
  }

  turn(_process: string, operation: Operation): Promise<void> {
    this.isFrozen ||= this.isArmed && this.#fits(operation)
    return this.isFrozen ? new Promise(() => undefined) : Promise.resolve()
  }

  /** Resolves when the process stands still. */
  async frozen(): Promise<void> {
    for (let i = 0; i < 1000 && !this.isFrozen; i++) {
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
    expect(this.isFrozen).toBe(true)
  }
}

/** A disk on which a log lies with so many records, all durable. */
async function diskWithLog(count: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const { log } = await openLog(disk.fileSystem())
  await new LogLedger(disk).appendMany(log, count)
  return processCrash(disk)
}

const isSyncOf = (path: string) => (operation: Operation) =>
  operation.call === 'syncDirectory' && operation.path === path

describe('a power cut while one process stands still before it synced', () => {
  it('loses no record that another process was given by latest, or built on', async () => {
    const disk = await diskWithLog(2)
    const ledger = new LogLedger(disk, await findLog(disk))
    const gate = new Freezer(isSyncOf(`${HOME}/log`))
    const { log: slow } = await openLog(disk.fileSystem('slow', gate))
    const tip = unwrap(await slow.latest())
    const from = disk.journal.length
    gate.isArmed = true
    void ledger.append(slow, tip, 'visible, not yet durable')
    await gate.frozen()
    const { log } = await openLog(disk.fileSystem('quick'))
    const newest = await ledger.latest(log)
    expect(newest?.seq).toBe(3)
    const report = await proveCrashStates(disk, (state) => ledger.check(state), { from })
    expect(report.states).toBeGreaterThan(1)
    await ledger.append(log, newest, 'built on it')
    await proveCrashStates(disk, (state) => ledger.check(state), { from })
  })

  it('loses no record that is above a floor which did not survive', async () => {
    const disk = await diskWithLog(4)
    const ledger = new LogLedger(disk, await findLog(disk))
    const from = disk.journal.length
    const gate = new Freezer(isSyncOf(`${HOME}/log`))
    const { log: slow } = await openLog(disk.fileSystem('slow', gate))
    unwrap(await slow.latest())
    gate.isArmed = true
    void ledger.truncate(slow, 4)
    await gate.frozen()
    const { log } = await openLog(disk.fileSystem('quick'))
    expect(await ledger.sweep(log)).toBe('ok')
    await proveCrashStates(disk, (state) => ledger.check(state), { from })
  })

  it('loses no record in a directory that the other made', async () => {
    const disk = new SimulatedDisk()
    await openLog(disk.fileSystem())
    const clean = processCrash(disk)
    const ledger = new LogLedger(clean)
    const { log } = await openLog(clean.fileSystem('quick'))
    const from = clean.journal.length
    // The other has just made the directory, and comes no further.
    await clean.fileSystem('slow').mkdir(`${HOME}/log`)
    expect(await ledger.append(log, undefined, 'acknowledged')).toMatchObject({ seq: 1 })
    await proveCrashStates(clean, (state) => ledger.check(state), { from })
  })
})

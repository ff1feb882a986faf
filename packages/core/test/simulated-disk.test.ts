import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../src/file/file-system.ts'
import {
  crashStates,
  interleavings,
  SimulatedDisk,
  type CrashState,
  type CrashStatesOptions,
} from '../src/testing/simulated-disk/index.ts'

/** A checkpoint of six sectors that can tell whether it is whole: its number in every byte. */
const CHECKPOINT_BYTES = 3_040

function checkpoint(version: number): Uint8Array {
  return new Uint8Array(CHECKPOINT_BYTES).fill(version)
}

function versionIn(bytes: Uint8Array | undefined): number | undefined {
  const version = bytes?.[0]
  const whole = bytes?.length === CHECKPOINT_BYTES && bytes.every((byte) => byte === version)
  // Zeros are what a lost sector reads as.
  return whole && version !== 0 ? version : undefined
}

/** Creates a file, writes and syncs it: two thirds of most protocols. */
async function writeFile(fs: FileSystem, path: string, bytes: Uint8Array, sync = true) {
  const file = await fs.create(path)
  await file.write(bytes, 0)
  if (sync) await file.datasync()
  await file.close()
}

/** What a set of crash states shows about a protocol. */
interface Verdict {
  states: number
  nothingReadable: number
  acknowledgedLost: number
  exhaustive: boolean
}

/** Judges each state by the newest version that can be read in it. */
function judge(
  disk: SimulatedDisk,
  newest: (disk: SimulatedDisk) => number | undefined,
  options: CrashStatesOptions = {},
): Verdict {
  const verdict = { nothingReadable: 0, acknowledgedLost: 0 }
  const states = crashStates(disk, options)
  for (const state of states) {
    const found = newest(state.disk)
    const acknowledged = lastAcknowledged(state)
    if (acknowledged === undefined) continue
    if (found === undefined) verdict.nothingReadable += 1
    else if (found < acknowledged) verdict.acknowledgedLost += 1
  }
  return { ...verdict, states: states.report.states, exhaustive: states.report.exhaustive }
}

function lastAcknowledged({ marks }: CrashState): number | undefined {
  const last = marks.filter((mark) => mark.startsWith('acknowledged')).at(-1)
  return last === undefined ? undefined : Number(last.split(' ')[1])
}

/** A disk on which version 1 was saved in the right way. */
async function diskWithVersion1(path = '/current') {
  const disk = new SimulatedDisk()
  disk.plant(path, checkpoint(1))
  disk.mark('acknowledged 1')
  return { disk, fs: disk.fileSystem() }
}

const newestInCurrent = (disk: SimulatedDisk) => versionIn(disk.read('/current'))

/** The newest of files named by their version. */
function newestNumbered(disk: SimulatedDisk): number | undefined {
  const versions = disk.paths().map((path) => {
    const named = /^\/(\d+)$/u.exec(path)
    const version = versionIn(disk.read(path))
    return named !== null && version === Number(named[1]) ? version : undefined
  })
  return versions.reduce((a, b) => ((b ?? -1) > (a ?? -1) ? b : a), undefined)
}

describe('protocols under power loss', () => {
  it('finds nothing against temporary file, sync, rename, sync of the directory', async () => {
    const { disk, fs } = await diskWithVersion1()
    await writeFile(fs, '/temporary', checkpoint(2))
    await fs.rename('/temporary', '/current')
    await fs.syncDirectory('/')
    disk.mark('acknowledged 2')
    const verdict = judge(disk, newestInCurrent)
    expect(verdict).toMatchObject({ nothingReadable: 0, acknowledgedLost: 0, exhaustive: true })
    expect(verdict.states).toBeGreaterThan(20)
  })

  it('finds nothing against temporary file, sync, link, sync of the directory', async () => {
    const { disk, fs } = await diskWithVersion1('/1')
    for (const version of [2, 3]) {
      await writeFile(fs, '/temporary', checkpoint(version))
      await fs.link('/temporary', `/${version}`)
      await fs.syncDirectory('/')
      disk.mark(`acknowledged ${version}`)
      await fs.unlink('/temporary')
      await fs.unlink(`/${version - 1}`)
    }
    const verdict = judge(disk, newestNumbered)
    expect(verdict).toMatchObject({ nothingReadable: 0, acknowledgedLost: 0, exhaustive: true })
    expect(verdict.states).toBeGreaterThan(40)
  })

  it('catches a missing sync of the directory: acknowledged, then lost', async () => {
    const { disk, fs } = await diskWithVersion1()
    await writeFile(fs, '/temporary', checkpoint(2))
    await fs.rename('/temporary', '/current')
    disk.mark('acknowledged 2')
    const verdict = judge(disk, newestInCurrent)
    expect(verdict.nothingReadable).toBe(0)
    expect(verdict.acknowledgedLost).toBe(2)
  })

  it('catches a missing sync of the file: nothing readable', async () => {
    const { disk, fs } = await diskWithVersion1()
    await writeFile(fs, '/temporary', checkpoint(2), false)
    await fs.rename('/temporary', '/current')
    await fs.syncDirectory('/')
    disk.mark('acknowledged 2')
    const verdict = judge(disk, newestInCurrent)
    expect(verdict.nothingReadable).toBeGreaterThan(0)
    expect(verdict.acknowledgedLost).toBe(0)
  })

  it('catches a sync of the file that comes after the rename: nothing readable', async () => {
    const { disk, fs } = await diskWithVersion1()
    const file = await fs.create('/temporary')
    await file.write(checkpoint(2), 0)
    await fs.rename('/temporary', '/current')
    await fs.syncDirectory('/')
    await file.datasync()
    await file.close()
    disk.mark('acknowledged 2')
    const verdict = judge(disk, newestInCurrent)
    expect(verdict.nothingReadable).toBeGreaterThan(0)
    expect(verdict.acknowledgedLost).toBe(0)
  })

  it('catches a write in place: nothing readable', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await fs.create('/current')
    await file.write(checkpoint(1), 0)
    await file.datasync()
    await fs.syncDirectory('/')
    disk.mark('acknowledged 1')
    await file.write(checkpoint(2), 0)
    await file.datasync()
    disk.mark('acknowledged 2')
    const verdict = judge(disk, newestInCurrent)
    // Torn at each of five sector boundaries, either half new.
    expect(verdict.nothingReadable).toBe(10)
    expect(verdict.acknowledgedLost).toBe(0)
  })

  describe('of three chunks and a manifest', () => {
    const CHUNKS = [1, 2, 3]

    async function save(fs: FileSystem, unsynced?: number) {
      for (const chunk of CHUNKS) {
        await writeFile(fs, `/chunk-${chunk}`, checkpoint(chunk), chunk !== unsynced)
      }
      await fs.syncDirectory('/')
      await writeFile(fs, '/temporary', checkpoint(9))
      await fs.rename('/temporary', '/manifest')
      await fs.syncDirectory('/')
    }

    /** How many states hold a whole manifest of which a chunk is not whole. */
    function badManifests(disk: SimulatedDisk): { bad: number; acknowledgedLost: number } {
      let bad = 0
      let acknowledgedLost = 0
      for (const state of crashStates(disk)) {
        const manifest = versionIn(state.disk.read('/manifest')) === 9
        const chunks = CHUNKS.every((n) => versionIn(state.disk.read(`/chunk-${n}`)) === n)
        if (manifest && !chunks) bad += 1
        if (state.marks.includes('acknowledged') && !(manifest && chunks)) acknowledgedLost += 1
      }
      return { bad, acknowledgedLost }
    }

    it('finds nothing when each is synced', async () => {
      const disk = new SimulatedDisk()
      await save(disk.fileSystem())
      disk.mark('acknowledged')
      expect(badManifests(disk)).toEqual({ bad: 0, acknowledgedLost: 0 })
    })

    it('catches a chunk that is not synced: a manifest of what is not there', async () => {
      const disk = new SimulatedDisk()
      await save(disk.fileSystem(), 2)
      disk.mark('acknowledged')
      const { bad, acknowledgedLost } = badManifests(disk)
      expect(bad).toBeGreaterThan(0)
      expect(acknowledgedLost).toBeGreaterThan(0)
    })
  })
})

/** What two processes on one disk showed over all schedules and all cuts of each. */
interface Findings {
  runs: number
  states: number
  holes: number
  acknowledgedLost: number
}

type Process = (fs: FileSystem, disk: SimulatedDisk) => Promise<void>

/**
 * Record 1 is there; A makes record 2, B makes record 3 if it sees record 2. Their bytes lie
 * synced in `/a` and `/b`, so that everything turns on names.
 */
async function twoProcesses(
  paths: { readonly second: string; readonly third: string },
  a: Process,
  b: Process,
): Promise<Findings> {
  const findings = { states: 0, holes: 0, acknowledgedLost: 0 }
  const report = await interleavings(async (scheduler) => {
    const disk = new SimulatedDisk()
    disk.plant('/a', checkpoint(2))
    disk.plant('/b', checkpoint(3))
    disk.plant('/log', 'directory')
    if (paths.second.startsWith('/log/s1/')) disk.plant('/log/s1', 'directory')
    await scheduler.run([
      a(disk.fileSystem('A', scheduler), disk),
      b(disk.fileSystem('B', scheduler), disk),
    ])
    const states = crashStates(disk)
    for (const state of states) {
      const second = versionIn(state.disk.read(paths.second)) === 2
      const third = versionIn(state.disk.read(paths.third)) === 3
      if (third && !second) findings.holes += 1
      const newest = third ? 3 : second ? 2 : 1
      if (newest < (lastAcknowledged(state) ?? 1)) findings.acknowledgedLost += 1
    }
    findings.states += states.report.states
    expect(states.report.exhaustive).toBe(true)
  })
  expect(report.exhaustive).toBe(true)
  return { runs: report.runs, ...findings }
}

async function exists(fs: FileSystem, path: string): Promise<boolean> {
  return fs.stat(path).then(
    () => true,
    () => false,
  )
}

async function mkdirUnlessThere(fs: FileSystem, path: string): Promise<void> {
  await fs.mkdir(path).catch((error: unknown) => expect(error).toHaveProperty('code', 'EEXIST'))
}

describe('two processes on one disk, cut at every step of both', () => {
  describe('in one directory', () => {
    const paths = { second: '/log/2', third: '/log/3' }
    const appendSecond: Process = async (fs, disk) => {
      await fs.link('/a', '/log/2')
      await fs.syncDirectory('/log')
      disk.mark('acknowledged 2')
    }
    const appendThird =
      (makeDurableFirst: boolean): Process =>
      async (fs, disk) => {
        if (!(await exists(fs, '/log/2'))) return
        if (makeDurableFirst) await fs.syncDirectory('/log')
        await fs.link('/b', '/log/3')
        await fs.syncDirectory('/log')
        disk.mark('acknowledged 3')
      }

    it('catches building on a record that is visible and not durable: a hole', async () => {
      const found = await twoProcesses(paths, appendSecond, appendThird(false))
      expect(found.holes).toBeGreaterThan(0)
      expect(found.acknowledgedLost).toBe(0)
    })

    it('finds nothing when the record is made durable before it is built on', async () => {
      const found = await twoProcesses(paths, appendSecond, appendThird(true))
      expect(found).toMatchObject({ holes: 0, acknowledgedLost: 0 })
      // B looks before A's link, or comes with its last four calls anywhere around A's sync.
      expect(found.runs).toBe(6)
    })
  })

  describe('across a shard boundary', () => {
    const paths = { second: '/log/s1/2', third: '/log/s2/3' }
    const appendSecond: Process = async (fs, disk) => {
      await fs.link('/a', '/log/s1/2')
      await fs.syncDirectory('/log/s1')
      disk.mark('acknowledged 2')
    }
    const appendThird =
      (makeDurableFirst: boolean): Process =>
      async (fs, disk) => {
        if (!(await exists(fs, '/log/s1/2'))) return
        if (makeDurableFirst) await fs.syncDirectory('/log/s1')
        await fs.mkdir('/log/s2')
        await fs.syncDirectory('/log')
        await fs.link('/b', '/log/s2/3')
        await fs.syncDirectory('/log/s2')
        disk.mark('acknowledged 3')
      }

    it('catches a sync of the new directory, which does not cover the old: a hole', async () => {
      const found = await twoProcesses(paths, appendSecond, appendThird(false))
      expect(found.holes).toBeGreaterThan(0)
    })

    it('finds nothing when the record before is made durable in its own directory', async () => {
      const found = await twoProcesses(paths, appendSecond, appendThird(true))
      expect(found).toMatchObject({ holes: 0, acknowledgedLost: 0 })
    })
  })

  describe('below a directory that the other one makes', () => {
    const paths = { second: '/log/new/2', third: '/log/new/3' }
    const makeDirectory: Process = async (fs) => {
      await mkdirUnlessThere(fs, '/log/new')
      await fs.syncDirectory('/log')
    }
    const appendSecond =
      (syncParents: 'always' | 'of own directories'): Process =>
      async (fs, disk) => {
        const made = !(await exists(fs, '/log/new'))
        if (made) await mkdirUnlessThere(fs, '/log/new')
        if (made || syncParents === 'always') await fs.syncDirectory('/log')
        await fs.link('/a', '/log/new/2')
        await fs.syncDirectory('/log/new')
        disk.mark('acknowledged 2')
      }

    it('catches syncing only the parents of own directories: acknowledged, then lost', async () => {
      const found = await twoProcesses(paths, makeDirectory, appendSecond('of own directories'))
      expect(found.acknowledgedLost).toBeGreaterThan(0)
    })

    it('finds nothing when the parents are synced whoever made the directory', async () => {
      const found = await twoProcesses(paths, makeDirectory, appendSecond('always'))
      expect(found).toMatchObject({ holes: 0, acknowledgedLost: 0 })
    })
  })
})

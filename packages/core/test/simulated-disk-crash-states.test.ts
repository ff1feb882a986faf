import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../src/file/file-system.ts'
import {
  crashStates,
  processCrash,
  SimulatedDisk,
  type CrashStatesOptions,
} from '../src/testing/simulated-disk/index.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const text = (of: Uint8Array | undefined) => (of === undefined ? '-' : [...of].join(''))

/** What can be found at a path after a cut of the whole journal, sorted. */
function outcomes(disk: SimulatedDisk, path: string, options: CrashStatesOptions = {}): string[] {
  const states = crashStates(disk, { from: disk.journal.length, ...options })
  return [...new Set([...states].map((state) => text(state.disk.read(path))))].sort()
}

async function newFile(fs: FileSystem, path: string, content: Uint8Array) {
  const file = await fs.create(path)
  await file.write(content, 0)
  return file
}

describe('what a power cut leaves', () => {
  it('of a new file nothing is sure', async () => {
    const disk = new SimulatedDisk()
    await newFile(disk.fileSystem(), '/f', bytes(1, 2))
    expect(outcomes(disk, '/f')).toEqual(['', '-', '00', '12'])
  })

  it('datasync makes the bytes sure, not the name', async () => {
    const disk = new SimulatedDisk()
    const file = await newFile(disk.fileSystem(), '/f', bytes(1, 2))
    await file.datasync()
    expect(outcomes(disk, '/f')).toEqual(['-', '12'])
  })

  it('syncDirectory makes the name sure, not the bytes', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    await newFile(fs, '/f', bytes(1, 2))
    await fs.syncDirectory('/')
    expect(outcomes(disk, '/f')).toEqual(['', '00', '12'])
  })

  it('both make it sure, and a second write is in doubt again', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await newFile(fs, '/f', bytes(1, 2))
    await file.datasync()
    await fs.syncDirectory('/')
    expect(outcomes(disk, '/f')).toEqual(['12'])
    await file.write(bytes(3, 4), 1)
    // The byte that was there is old or new, the one beyond the end is missing, zero or new.
    expect(outcomes(disk, '/f')).toEqual(['12', '120', '134'])
  })

  it('tears a write at the sectors of the disk, whatever its position', async () => {
    const disk = new SimulatedDisk()
    disk.plant('/f', new Uint8Array(1_536).fill(1))
    const fs = disk.fileSystem()
    const file = await fs.create('/g')
    await file.write(new Uint8Array(1_000).fill(2), 500)
    await fs.syncDirectory('/')
    const shapes = [...crashStates(disk, { from: disk.journal.length })].map((state) => {
      const content = state.disk.read('/g') ?? bytes()
      return `${content.length}:${content.indexOf(2)}-${content.lastIndexOf(2)}`
    })
    expect(shapes.sort()).toEqual([
      '0:-1--1',
      '1024:500-1023',
      '1500:-1--1',
      '1500:1024-1499',
      '1500:500-1023',
      '1500:500-1499',
      '1500:500-511',
      '1500:512-1499',
      '512:500-511',
    ])
  })

  it('tears a long write at so many sectors as it is told, both ends among them', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    await newFile(fs, '/f', new Uint8Array(512 * 101).fill(7))
    await fs.syncDirectory('/')
    const options = { from: disk.journal.length, tears: 3 }
    const lengths = [...crashStates(disk, options)].map((state) => state.disk.read('/f')?.length)
    expect(new Set(lengths)).toEqual(new Set([0, 512, 51 * 512, 100 * 512, 101 * 512]))
  })

  it('a rename in one directory is whole or not at all', async () => {
    const disk = new SimulatedDisk()
    disk.plant('/old', bytes(1))
    disk.plant('/new', bytes(2))
    const fs = disk.fileSystem()
    await fs.rename('/new', '/old')
    expect(paths(disk)).toEqual(['/new /old', '/old'])
    expect(outcomes(disk, '/old')).toEqual(['1', '2'])
  })

  it('a rename between two directories may be done by halves', async () => {
    const disk = new SimulatedDisk()
    disk.plant('/a/f', bytes(1))
    disk.plant('/b', 'directory')
    const fs = disk.fileSystem()
    await fs.rename('/a/f', '/b/f')
    expect(paths(disk)).toEqual(['/a/ /a/f /b/', '/a/ /a/f /b/ /b/f', '/a/ /b/', '/a/ /b/ /b/f'])
    await fs.syncDirectory('/b')
    expect(paths(disk)).toEqual(['/a/ /a/f /b/ /b/f', '/a/ /b/ /b/f'])
    await fs.syncDirectory('/a')
    expect(paths(disk)).toEqual(['/a/ /b/ /b/f'])
  })

  it('names in one directory are lost in any order', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    for (const name of ['/a', '/b', '/c']) await fs.create(name)
    expect(paths(disk)).toHaveLength(8)
    expect(paths(disk)).toContain('/c')
  })

  it('a directory without its name takes along what was synced below it', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    await fs.mkdir('/d')
    const file = await newFile(fs, '/d/f', bytes(1))
    await file.datasync()
    await fs.syncDirectory('/d')
    expect(paths(disk)).toEqual(['', '/d/ /d/f'])
    await fs.syncDirectory('/')
    expect(paths(disk)).toEqual(['/d/ /d/f'])
  })

  it('a file that lost one of two names keeps the other, with its bytes', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await newFile(fs, '/a', bytes(1))
    await file.datasync()
    await fs.syncDirectory('/')
    await fs.mkdir('/d')
    await fs.syncDirectory('/')
    await fs.link('/a', '/d/b')
    await fs.unlink('/a')
    expect(paths(disk)).toEqual(['/a /d/', '/a /d/ /d/b', '/d/', '/d/ /d/b'])
    expect(outcomes(disk, '/d/b')).toEqual(['-', '1'])
  })

  it('a removal that was not synced comes back', async () => {
    const disk = new SimulatedDisk()
    disk.plant('/f', bytes(1))
    const fs = disk.fileSystem()
    await fs.unlink('/f')
    expect(paths(disk)).toEqual(['', '/f'])
    await fs.syncDirectory('/')
    expect(paths(disk)).toEqual([''])
  })

  function paths(disk: SimulatedDisk): string[] {
    const states = [...crashStates(disk, { from: disk.journal.length })]
    return states.map((state) => state.disk.paths().join(' ')).sort()
  }
})

describe('after a failed sync', () => {
  it('a later sync succeeds and the bytes are lost all the same', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await newFile(fs, '/f', bytes(1, 2))
    await fs.syncDirectory('/')
    disk.failNext('EIO', { call: 'datasync' })
    await expect(file.datasync()).rejects.toMatchObject({ code: 'EIO', errno: -5 })
    await file.datasync()
    expect(text(disk.read('/f'))).toBe('12')
    expect(outcomes(disk, '/f')).toEqual(['', '00', '12'])
    // What is written afterwards is made durable by a sync, over what was abandoned.
    await file.write(bytes(3), 0)
    await file.datasync()
    expect(outcomes(disk, '/f')).toEqual(['3', '30', '32'])
  })

  it('a later sync of the directory succeeds and the names are lost all the same', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await newFile(fs, '/f', bytes(1))
    await file.datasync()
    disk.failNext('EIO', { call: 'syncDirectory' })
    await expect(fs.syncDirectory('/')).rejects.toMatchObject({ code: 'EIO' })
    await expect(fs.syncDirectory('/')).resolves.toBe(true)
    expect(outcomes(disk, '/f')).toEqual(['-', '1'])
    await fs.rename('/f', '/g')
    await fs.syncDirectory('/')
    expect(outcomes(disk, '/g')).toEqual(['1'])
  })

  it('a sync of a directory that could not even be opened abandons nothing', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await newFile(fs, '/f', bytes(1))
    await file.datasync()
    disk.failNext('EMFILE', { call: 'syncDirectory' })
    await expect(fs.syncDirectory('/')).rejects.toMatchObject({ code: 'EMFILE' })
    await fs.syncDirectory('/')
    expect(outcomes(disk, '/f')).toEqual(['1'])
  })
})

describe('crashStates', () => {
  it('cuts before the first call, after the last, and after every one between', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    for (const name of ['/a', '/b', '/c']) {
      await fs.create(name)
      await fs.syncDirectory('/')
    }
    const states = [...crashStates(disk)]
    expect(states.map((state) => `${state.cut} ${state.disk.paths().join(' ')}`)).toEqual([
      '0 ',
      '1 /a',
      '3 /a /b',
      '5 /a /b /c',
    ])
  })

  it('gives a state again after a mark, for more was promised by then', async () => {
    const disk = new SimulatedDisk()
    await disk.fileSystem().create('/a')
    disk.mark('promised')
    const states = [...crashStates(disk)].map(({ cut, marks }) => `${cut} ${marks.join()}`)
    expect(states).toEqual(['0 ', '1 ', '2 promised', '2 promised'])
  })

  it('gives no state twice between two marks', async () => {
    const disk = await manyFiles(6)
    const states = [...crashStates(disk)]
    const seen = new Set(states.map((state) => state.disk.paths().join()))
    expect(seen.size).toBe(states.length)
  })

  it('builds every subset of twelve unsynced names, and says so', async () => {
    const states = crashStates(await manyFiles(12))
    expect([...states]).toHaveLength(2 ** 12)
    expect(states.report).toEqual({ states: 2 ** 12, exhaustive: true, seed: 1 })
  })

  it('draws from more by a seed, the extremes among them, and says so', async () => {
    const disk = await manyFiles(30)
    const draw = (seed: number, limit = 500) => {
      const states = crashStates(disk, { from: disk.journal.length, limit, seed })
      const found = [...states].map((state) => state.disk.paths().join())
      expect(states.report).toEqual({ states: found.length, exhaustive: false, seed })
      return found
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
    expect(draw(3).length).toBeGreaterThan(400)
    const lengths = (found: string) => (found === '' ? 0 : found.split(',').length)
    const counts = draw(4).map(lengths)
    for (const count of [0, 1, 15, 29, 30]) expect(counts).toContain(count)
    expect(draw(5, 2).map(lengths)).toEqual([0, 30])
  })

  it('builds all again as soon as a sync has left few enough', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    await fs.mkdir('/d')
    await fs.syncDirectory('/')
    const names = ['x', 'y', 'z']
    for (const name of names) await fs.create(`/d/${name}`)
    for (let index = 0; index < 20; index += 1) await fs.create(`/${index}`)
    await fs.syncDirectory('/')
    const whole = [...crashStates(disk, { from: disk.journal.length - 1, limit: 30 })].filter(
      (state) => state.disk.paths().filter((path) => !path.startsWith('/d')).length === 20,
    )
    expect(new Set(whole.map((state) => state.disk.paths().join())).size).toBe(2 ** names.length)
  })

  it('finds no state by drawing that it would not build', async () => {
    const { disk, fs } = await somethingOfEverything()
    await fs.syncDirectory('/d')
    const key = (state: { disk: SimulatedDisk }) =>
      state.disk
        .paths()
        .map((path) => `${path}=${text(state.disk.read(path))}`)
        .join()
    const all = new Set([...crashStates(disk)].map(key))
    const drawn = [...crashStates(disk, { limit: 40 })].map(key)
    expect(drawn.length).toBeGreaterThan(20)
    expect(drawn.filter((one) => !all.has(one))).toEqual([])
  })

  it('counts anew when it is gone through again', async () => {
    const states = crashStates(await manyFiles(3))
    const [first, again] = [[...states], [...states]]
    expect(again.length).toBe(first.length)
    expect(states.report.states).toBe(first.length)
  })

  it('leaves disks of the same capacity and clock', async () => {
    const disk = new SimulatedDisk({ capacityBytes: 1, nowMs: () => 7 })
    disk.capacityBytes = 2
    for (const { disk: left } of crashStates(disk)) {
      const file = await left.fileSystem().create('/f')
      await expect(file.write(bytes(1, 2, 3), 0)).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(await file.stat()).toMatchObject({ sizeBytes: 2, modifiedMs: 7 })
    }
  })

  it('explains what was lost', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    await newFile(fs, '/f', new Uint8Array(1_000).fill(1))
    const states = [...crashStates(disk)]
    expect(states.map((state) => state.explain().join('; '))).toContain(
      'applied: create /f; prefix at 512: write /f 0+1000',
    )
  })

  it('leaves a disk on which recovery works, fails and is cut again', async () => {
    const { disk } = await somethingOfEverything()
    let second = 0
    for (const state of crashStates(disk)) {
      const before = state.disk.paths()
      const fs = state.disk.fileSystem('recovery')
      const file = await fs.create('/recovered')
      await file.datasync()
      await fs.syncDirectory('/')
      state.disk.mark('recovered')
      for (const again of crashStates(state.disk)) {
        second += 1
        const expected = new Set(again.disk.paths())
        // All that the first cut left is durable.
        expect(before.every((path) => expected.has(path))).toBe(true)
        expect(expected.has('/recovered') || !again.marks.includes('recovered')).toBe(true)
      }
    }
    expect(second).toBeGreaterThan(80)
  })

  it('never loses what was synced and never invents bytes, whatever was called', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 9 }), async (steps) => {
        const disk = new SimulatedDisk()
        const fs = disk.fileSystem()
        const written = new Set<string>(['', '-'])
        for (const [index, step] of steps.entries()) {
          await step(fs, index + 1).catch((error: unknown) => expect(error).toHaveProperty('code'))
          written.add(String(index + 1))
        }
        await disk.fileSystem().create('/marker')
        await fs.syncDirectory('/')
        disk.mark('synced')
        const states = crashStates(disk, { limit: 300 })
        for (const state of states) {
          if (state.marks.length > 0) {
            // Names of the root are sure, names in `/d` are not.
            const rootNames = (of: SimulatedDisk) => of.paths().filter((p) => !/^\/d\/./u.test(p))
            expect(rootNames(state.disk)).toEqual(rootNames(disk))
          }
          for (const path of state.disk.paths()) {
            expect(written).toContain(text(state.disk.read(path)).replace(/^0+$/u, ''))
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  async function manyFiles(count: number): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk()
    for (let index = 0; index < count; index += 1) await disk.fileSystem().create(`/${index}`)
    return disk
  }

  async function somethingOfEverything() {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await newFile(fs, '/a', bytes(1))
    await fs.mkdir('/d')
    await fs.link('/a', '/d/b')
    await file.datasync()
    await fs.rename('/a', '/c')
    await file.write(bytes(2), 1)
    return { disk, fs }
  }

  type Step = (fs: FileSystem, content: number) => Promise<unknown>
  const anyPath = fc.constantFrom('/a', '/b', '/d/a', '/d/b')
  const anyStep: fc.Arbitrary<Step> = fc.oneof(
    anyPath.map(
      (path): Step =>
        async (fs, content) =>
          newFile(fs, path, bytes(content)),
    ),
    anyPath.map((path): Step => async (fs, content) => {
      const file = await newFile(fs, path, bytes(content))
      await file.datasync()
    }),
    fc.tuple(anyPath, anyPath).map(
      ([a, b]): Step =>
        (fs) =>
          fs.rename(a, b),
    ),
    fc.tuple(anyPath, anyPath).map(
      ([a, b]): Step =>
        (fs) =>
          fs.link(a, b),
    ),
    anyPath.map(
      (path): Step =>
        (fs) =>
          fs.unlink(path),
    ),
    fc.constantFrom<Step>(
      (fs) => fs.mkdir('/d'),
      (fs) => fs.rmdir('/d'),
      (fs) => fs.syncDirectory('/'),
      (fs) => fs.syncDirectory('/d'),
    ),
  )
})

describe('processCrash', () => {
  it('keeps all that was visible, and a later power cut may still lose it', async () => {
    const disk = new SimulatedDisk()
    await newFile(disk.fileSystem(), '/f', bytes(1))
    const after = processCrash(disk)
    expect(text(after.read('/f'))).toBe('1')
    expect(after.openHandles).toEqual([])
    expect(outcomes(after, '/f')).toEqual(['', '-', '0', '1'])
    await after.fileSystem('next').syncDirectory('/')
    expect(outcomes(after, '/f')).toEqual(['', '0', '1'])
  })

  it('leaves the disk as it was after any line of the journal', async () => {
    const disk = new SimulatedDisk()
    const file = await newFile(disk.fileSystem(), '/f', bytes(1))
    await file.write(bytes(2), 1)
    const seen = [0, 1, 2, 3].map((cut) => text(processCrash(disk, cut).read('/f')))
    expect(seen).toEqual(['-', '', '1', '12'])
    expect(text(disk.read('/f'))).toBe('12')
  })
})

import * as fc from 'fast-check'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FileSystem } from '../src/file/file-system.ts'
import { nodeFileSystem } from '../src/file/node-file-system.ts'
import {
  createScheduler,
  evenly,
  formatEntry,
  interleavings,
  processCrash,
  seededRandom,
  SimulatedDisk,
  systemCalls,
  systemCallsOfStrace,
} from '../src/testing/simulated-disk/index.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'ok'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

async function writeFile(fs: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const file = await fs.create(path)
  try {
    await file.write(content, 0)
    await file.datasync()
  } finally {
    await file.close()
  }
}

describe('calls', () => {
  it('show every process the names and bytes of all, synced or not', async () => {
    const disk = new SimulatedDisk()
    const file = await disk.fileSystem('A').create('/f')
    await file.write(bytes(1, 2, 3), 0)
    const seen = await disk.fileSystem('B').open('/f')
    const into = new Uint8Array(2)
    expect(await seen.read(into, 1)).toBe(2)
    expect(into).toEqual(bytes(2, 3))
    expect(await seen.read(into, 3)).toBe(0)
    expect(await seen.stat()).toMatchObject({ kind: 'file', sizeBytes: 3 })
  })

  it('read and write through a handle whose name is gone', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await fs.create('/f')
    await fs.unlink('/f')
    await file.write(bytes(1), 0)
    expect(await file.stat()).toMatchObject({ sizeBytes: 1 })
    expect(disk.usedBytes).toBe(1)
    await file.close()
    expect(disk.usedBytes).toBe(0)
  })

  it('keep a copy of the bytes written', async () => {
    const disk = new SimulatedDisk()
    const file = await disk.fileSystem().create('/f')
    const content = bytes(1)
    const writing = file.write(content, 0)
    content[0] = 9
    await writing
    expect(disk.read('/f')).toEqual(bytes(1))
    expect(processCrash(disk).read('/f')).toEqual(bytes(1))
  })

  it('give a file that replaced another a new identity, and a second name the same', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    await fs.create('/a')
    await fs.link('/a', '/b')
    await fs.create('/c')
    const identities = async () => [(await fs.stat('/a')).identity, (await fs.stat('/b')).identity]
    const [a, b] = await identities()
    expect(a).toBe(b)
    await fs.rename('/c', '/b')
    const [, replaced] = await identities()
    expect(replaced).not.toBe(a)
  })

  it('refuse a closed handle with EBADF, and tell which handles nobody closed', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await fs.create('/f')
    const leaked = await fs.open('/f')
    await file.close()
    for (const call of [file.write(bytes(1), 0), file.datasync(), file.stat(), file.close()]) {
      expect(await codeOf(call)).toBe('EBADF')
    }
    expect(disk.openHandles).toEqual(['/f'])
    expect(await leaked.read(new Uint8Array(1), 0)).toBe(0)
  })

  it('never follow a symbolic link at the end of a path, and follow it on the way', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    disk.plant('/outside/f', bytes(1))
    disk.plant('/store/file', { symlink: '../outside/f' })
    disk.plant('/store/directory', { symlink: '/outside' })
    expect(await codeOf(fs.open('/store/file'))).toBe('ELOOP')
    expect(await codeOf(fs.create('/store/file'))).toBe('EEXIST')
    expect(await codeOf(fs.list('/store/directory'))).toBe('ELOOP')
    expect(await codeOf(fs.syncDirectory('/store/directory'))).toBe('ELOOP')
    expect(await fs.stat('/store/file')).toMatchObject({ kind: 'symlink' })
    await fs.create('/store/directory/g')
    expect(disk.paths()).toContain('/outside/g')
    await fs.unlink('/store/directory')
    expect(disk.paths()).toContain('/outside/g')
  })

  it('give up on symbolic links that lead in a circle, and on names too long', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    disk.plant('/a', { symlink: '/b' })
    disk.plant('/b', { symlink: '/a' })
    expect(await codeOf(fs.stat('/a/x'))).toBe('ELOOP')
    expect(await codeOf(fs.create(`/${'é'.repeat(127)}`))).toBe('ok')
    expect(await codeOf(fs.create(`/${'é'.repeat(128)}`))).toBe('ENAMETOOLONG')
  })

  it('rename over a file, never over what holds something', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    disk.plant('/d/e/f', bytes(1))
    disk.plant('/f', bytes(2))
    await fs.link('/f', '/g')
    await fs.rename('/f', '/g')
    expect(disk.paths()).toEqual(['/d/', '/d/e/', '/d/e/f', '/f', '/g'])
    expect(await codeOf(fs.rename('/d/e/f', '/d/e'))).toBe('ENOTEMPTY')
    expect(await codeOf(fs.rename('/f', '/d'))).toBe('EISDIR')
    expect(await codeOf(fs.rename('/d', '/f'))).toBe('ENOTDIR')
    expect(await codeOf(fs.rename('/d', '/d/e/d'))).toBe('EINVAL')
    expect(await codeOf(fs.rename('/d/e', '/e'))).toBe('EXDEV')
    await fs.rename('/f', '/d/e/f')
    expect(disk.read('/d/e/f')).toEqual(bytes(2))
  })

  it('are written into the journal with what they failed with', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem('A')
    await writeFile(fs, '/f', bytes(1, 2))
    disk.mark('acknowledged 1')
    await codeOf(disk.fileSystem('B').link('/f', '/f'))
    expect(disk.journal.map(formatEntry)).toEqual([
      'A create /f',
      'A write /f 0+2',
      'A datasync /f',
      'A close /f',
      'test mark acknowledged 1',
      'B link /f /f = EEXIST',
    ])
    expect(disk.calls).toBe(5)
  })

  it('answer as those of the real kernel, in any order', async () => {
    // Other kernels name some refusals differently.
    if (process.platform !== 'linux') return
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: 1, maxLength: 12 }), async (calls) => {
        const root = mkdtempSync(join(tmpdir(), 'tidemark-disk-'))
        try {
          symlinkSync('x', join(root, 's'))
          const disk = new SimulatedDisk()
          disk.plant(`${root}/s`, { symlink: 'x' })
          const simulated = disk.fileSystem()
          for (const call of calls) {
            const expected = await answerOf(() => perform(nodeFileSystem, root, call))
            expect(await answerOf(() => perform(simulated, root, call))).toEqual(expected)
          }
          expect(disk.paths().filter((path) => !root.startsWith(path.slice(0, -1)))).toEqual(
            realPaths(root).sort(),
          )
        } finally {
          rmSync(root, { recursive: true })
        }
      }),
      { numRuns: 400 },
    )
  })

  const anyName = fc.constantFrom('x', 'y', 'x/x', 'x/y', 'y/x', 's', 's/x')
  const calls = ['writeFile', 'readFile', 'mkdir', 'rmdir', 'unlink', 'stat', 'list'] as const
  const anyCall = fc.record({
    call: fc.constantFrom(...calls, 'link' as const, 'rename' as const),
    path: anyName,
    to: anyName,
  })

  type AnyCall = typeof anyCall extends fc.Arbitrary<infer T> ? T : never

  async function perform(fs: FileSystem, root: string, asked: AnyCall): Promise<unknown> {
    const path = `${root}/${asked.path}`
    const to = `${root}/${asked.to}`
    switch (asked.call) {
      case 'writeFile':
        return writeFile(fs, path, bytes(1, 2))
      case 'readFile': {
        const file = await fs.open(path)
        const into = new Uint8Array(3)
        const count = await answerOf(() => file.read(into, 1))
        await file.close()
        return [count, [...into]]
      }
      case 'stat':
        return (await fs.stat(path)).kind
      case 'list': {
        // The port does not list through a symbolic link; the kernel would.
        if ((await fs.stat(path)).kind === 'symlink') return undefined
        return (await fs.list(path)).map((entry) => `${entry.kind} ${entry.name}`).sort()
      }
      case 'rename': {
        // Moving a directory elsewhere is refused by the simulated disk alone.
        const { kind } = await fs.stat(path)
        const elsewhere = asked.path.replace(/.$/u, '') !== asked.to.replace(/.$/u, '')
        const inside = asked.to.startsWith(`${asked.path}/`)
        if (kind === 'directory' && elsewhere && !inside) return undefined
        return fs.rename(path, to)
      }
      case 'link':
        return fs.link(path, to)
      case 'mkdir':
      case 'rmdir':
      case 'unlink':
        return fs[asked.call](path)
    }
  }

  async function answerOf(call: () => Promise<unknown>): Promise<unknown> {
    return call().catch((error: unknown) =>
      error instanceof Error && 'code' in error && 'errno' in error
        ? [error.code, error.errno]
        : error,
    )
  }

  function realPaths(directory: string): string[] {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? [`${path}/`, ...realPaths(path)] : [path]
    })
  }
})

describe('faults', () => {
  it('fail the next call that fits, once, without effect', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    disk.failNext('EACCES', { call: 'link' })
    await writeFile(fs, '/a', bytes(1))
    const failure = await fs.link('/a', '/b').catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'EACCES', errno: -13 })
    expect(failure).toHaveProperty('message', "EACCES: permission denied, link '/a' -> '/b'")
    expect(disk.paths()).toEqual(['/a'])
    await fs.link('/a', '/b')
    expect(disk.paths()).toEqual(['/a', '/b'])
  })

  it('fail the call of one index, whatever it is', async () => {
    const codes: string[] = []
    for (let index = 0; index < 5; index += 1) {
      const disk = new SimulatedDisk()
      disk.mark('no call')
      disk.failAt(index, 'EIO')
      codes.push(`${await codeOf(writeFile(disk.fileSystem(), '/a', bytes(1)))} ${disk.calls}`)
    }
    expect(codes).toEqual(['EIO 1', 'EIO 3', 'EIO 4', 'EIO 4', 'ok 4'])
  })

  it('may take effect and fail all the same', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    await writeFile(fs, '/a', bytes(1))
    disk.failNext('EIO', { call: 'link', applied: true })
    expect(await codeOf(fs.link('/a', '/b'))).toBe('EIO')
    expect(disk.paths()).toEqual(['/a', '/b'])
  })

  it('may stay, for one path or one process, until they are cleared', async () => {
    const disk = new SimulatedDisk()
    disk.failNext('EROFS', { process: 'A', times: Infinity })
    disk.failNext('EIO', { path: '/b', times: 2 })
    const [a, b] = [disk.fileSystem('A'), disk.fileSystem('B')]
    expect([await codeOf(a.create('/a')), await codeOf(a.mkdir('/a'))]).toEqual(['EROFS', 'EROFS'])
    expect([await codeOf(b.create('/b')), await codeOf(b.create('/b'))]).toEqual(['EIO', 'EIO'])
    expect([await codeOf(b.create('/b')), await codeOf(b.create('/a'))]).toEqual(['ok', 'ok'])
    disk.clearFaults()
    expect(await codeOf(a.stat('/a'))).toBe('ok')
  })

  it('may come without a name, as EDQUOT does', async () => {
    const disk = new SimulatedDisk()
    disk.failNext(122)
    const failure = await disk
      .fileSystem()
      .create('/a')
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ errno: -122 })
    expect(failure).not.toHaveProperty('code')
  })

  it('may leave a part of a write behind', async () => {
    const disk = new SimulatedDisk()
    disk.failNext('ENOSPC', { call: 'write', afterBytes: 2 })
    expect(await codeOf(writeFile(disk.fileSystem(), '/a', bytes(1, 2, 3)))).toBe('ENOSPC')
    expect(disk.read('/a')).toEqual(bytes(1, 2))
  })

  it('close a handle even when closing fails', async () => {
    const disk = new SimulatedDisk()
    disk.failNext('EIO', { call: 'close' })
    expect(await codeOf(writeFile(disk.fileSystem(), '/a', bytes(1)))).toBe('EIO')
    expect(disk.openHandles).toEqual([])
  })
})

describe('capacity', () => {
  it('fills up at any byte with ENOSPC, and is there again when a file is gone', async () => {
    const full: string[] = []
    for (let room = 0; room <= 4; room += 1) {
      const disk = new SimulatedDisk({ capacityBytes: 2 + room })
      const fs = disk.fileSystem()
      await writeFile(fs, '/old', bytes(1, 2))
      full.push(await codeOf(writeFile(fs, '/new', bytes(3, 4, 5, 6))))
      expect(disk.read('/new')).toHaveLength(room)
      await fs.unlink('/new')
      await fs.unlink('/old')
      if (room >= 2) expect(await codeOf(writeFile(fs, '/new', bytes(3, 4, 5, 6)))).toBe('ok')
    }
    expect(full).toEqual(['ENOSPC', 'ENOSPC', 'ENOSPC', 'ENOSPC', 'ok'])
  })

  it('counts a file with two names once, and one without a name while it is open', async () => {
    const disk = new SimulatedDisk()
    const fs = disk.fileSystem()
    const file = await fs.create('/a')
    await file.write(bytes(1, 2, 3), 0)
    await fs.link('/a', '/b')
    disk.capacityBytes = 3
    expect(disk.usedBytes).toBe(3)
    // A write over what is there needs no room.
    await file.write(bytes(4, 5), 0)
    expect(await codeOf(file.write(bytes(6, 7), 2))).toBe('ENOSPC')
    expect(disk.read('/b')).toEqual(bytes(4, 5, 6))
  })
})

describe('interleavings', () => {
  it('run every order of the calls of two processes once', async () => {
    const orders: string[] = []
    const report = await interleavings(async (scheduler) => {
      const disk = new SimulatedDisk()
      const threeCalls = async (name: string) => {
        const fs = disk.fileSystem(name, scheduler)
        for (const path of ['/1', '/2', '/3']) await fs.mkdir(path + name)
      }
      await scheduler.run([threeCalls('A'), threeCalls('B')])
      orders.push(disk.journal.map((entry) => entry.process).join(''))
    })
    expect(report).toEqual({ runs: 20, exhaustive: true, seed: 1 })
    expect(new Set(orders).size).toBe(20)
  })

  it('let exactly one of three win a create, whatever the order', async () => {
    const winners = new Set<number>()
    const report = await interleavings(async (scheduler) => {
      const disk = new SimulatedDisk()
      const ends = await scheduler.run(
        ['A', 'B', 'C'].map((name) => disk.fileSystem(name, scheduler).create('/lock')),
      )
      const won = ends.flatMap((end, index) => (end?.status === 'fulfilled' ? [index] : []))
      expect(won).toHaveLength(1)
      winners.add(won[0] ?? -1)
    })
    expect(report.runs).toBe(6)
    expect(winners).toEqual(new Set([0, 1, 2]))
  })

  it('reorder the calls that one process has under way at once', async () => {
    const orders = new Set<string>()
    await interleavings(async (scheduler) => {
      const disk = new SimulatedDisk()
      const fs = disk.fileSystem('A', scheduler)
      await scheduler.run([fs.mkdir('/1'), fs.mkdir('/2')])
      orders.add(disk.journal.map(({ path }) => path).join(''))
    })
    expect(orders).toEqual(new Set(['/1/2', '/2/1']))
  })

  it('draw by a seed what is too much to run, and say so', async () => {
    const draw = async (seed: number) => {
      const orders: string[] = []
      const report = await interleavings(
        async (scheduler) => {
          const disk = new SimulatedDisk()
          const calls = async (name: string) => {
            const fs = disk.fileSystem(name, scheduler)
            for (let index = 0; index < 12; index += 1) await fs.mkdir(`/${name}${index}`)
          }
          await scheduler.run([calls('A'), calls('B')])
          orders.push(disk.journal.map((entry) => entry.process).join(''))
        },
        { limit: 20, seed },
      )
      expect(report).toEqual({ runs: 40, exhaustive: false, seed })
      return orders
    }
    expect(await draw(7)).toEqual(await draw(7))
    expect(await draw(7)).not.toEqual(await draw(8))
  })

  it('refuse a process that waits for something else than its turn', async () => {
    const scheduler = createScheduler(evenly(seededRandom(1)))
    const forEver = new Promise<never>(() => undefined)
    await expect(scheduler.run([forEver])).rejects.toThrow('outside the schedule')
  })

  it('can kill a process at any call, and the others go on', async () => {
    const disk = new SimulatedDisk()
    const scheduler = createScheduler(evenly(seededRandom(1)))
    const work = async (name: string) => {
      await writeFile(disk.fileSystem(name, scheduler), `/${name}`, bytes(1))
      return name
    }
    const [a, b] = [work('A'), work('B')]
    await scheduler.step(0)
    expect(scheduler.waiting.map(({ process, operation }) => process + operation.call)).toEqual([
      'Bcreate',
      'Awrite',
    ])
    scheduler.kill('A')
    const late = disk.fileSystem('A', scheduler).mkdir('/late')
    expect(await scheduler.run([late])).toEqual([undefined])
    expect(await scheduler.run([a, b])).toEqual([undefined, { status: 'fulfilled', value: 'B' }])
    expect(disk.read('/A')).toEqual(bytes())
    expect(disk.read('/B')).toEqual(bytes(1))
  })
})

describe('system calls', () => {
  it('of the journal are those that strace shows of the same calls', async () => {
    const log = readFileSync(new URL('simulated-disk-strace.txt', import.meta.url), 'utf8')
    const disk = new SimulatedDisk()
    disk.plant('/tmp/disk', 'directory')
    const fs = disk.fileSystem()
    await fs.mkdir('/tmp/disk/d')
    const file = await fs.create('/tmp/disk/d/t')
    await file.write(new Uint8Array(3_040), 0)
    await file.write(new Uint8Array(100_000), 3_040)
    await file.datasync()
    await file.stat()
    await file.close()
    await fs.link('/tmp/disk/d/t', '/tmp/disk/d/f')
    await fs.unlink('/tmp/disk/d/t')
    await fs.syncDirectory('/tmp/disk/d')
    await fs.rename('/tmp/disk/d/f', '/tmp/disk/d/g')
    await fs.list('/tmp/disk/d')
    await fs.stat('/tmp/disk/d/g')
    const read = await fs.open('/tmp/disk/d/g')
    await read.read(new Uint8Array(200_000), 0)
    await read.close()
    await fs.unlink('/tmp/disk/d/g')
    await codeOf(fs.open('/tmp/disk/d/g'))
    await fs.rmdir('/tmp/disk/d')
    const calls = systemCalls(disk.journal)
    expect(calls).toEqual(systemCallsOfStrace(log, '/tmp/disk'))
    expect(calls.slice(1, 6)).toEqual([
      'openat O_EXCL /tmp/disk/d/t',
      'pwrite64 /tmp/disk/d/t 0+3040',
      'pwrite64 /tmp/disk/d/t 3040+100000',
      'fdatasync /tmp/disk/d/t',
      'statx /tmp/disk/d/t',
    ])
  })
})

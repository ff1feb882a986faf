import { describe, expect, it } from 'vitest'
import { Directories, parentOf } from '../src/file/directories.ts'
import type { FileSystem } from '../src/file/file-system.ts'
import { publish } from '../src/file/publish.ts'
import { SyncFailure } from '../src/file/system-failure.ts'
import { writeTemporary } from '../src/file/write-temporary.ts'
import { unwrap, type BlobBody, type PutOptions } from '../src/index.ts'
import { SimulatedDisk } from '../src/testing/simulated-disk/index.ts'

const BODY = new Uint8Array([1, 2, 3])

function systemError(code: string, more: object = {}): Error {
  return Object.assign(new Error(code), { code, ...more })
}

/** A file system of which one call always fails in this way. */
function failing(fs: FileSystem, call: keyof FileSystem, error: Error): FileSystem {
  return { ...fs, [call]: () => Promise.reject(error) }
}

/** What was called, and on which path, since the journal had so many lines. */
function callsOf(disk: SimulatedDisk, from = 0): string[] {
  return disk.journal.slice(from).map(({ call, path }) => `${call} ${path}`)
}

describe('a written file that is given its name', () => {
  async function written(disk: SimulatedDisk) {
    const temporary = '/.tmp-1'
    const info = unwrap(await writeTemporary(disk.fileSystem(), temporary, 'a', BODY, true))
    return { temporary, path: '/a', info }
  }

  /** Publishes on a file system with a fault; says what came of it and what is left. */
  async function publishOn(
    change: (fs: FileSystem) => FileSystem,
    options: PutOptions | undefined,
    disk = new SimulatedDisk(),
  ) {
    const file = await written(disk)
    const result = await publish(change(disk.fileSystem()), file, options)
    return { result, paths: disk.paths().filter((path) => path !== '/') }
  }

  const same = (fs: FileSystem) => fs

  it('replaces what was there, or is the first: as it was asked to', async () => {
    const disk = new SimulatedDisk()
    const first = await publishOn(same, { if: 'absent' }, disk)
    // Its temporary name is taken away while the directory is synced.
    expect(first).toMatchObject({ result: { ok: true }, paths: ['/.tmp-1', '/a'] })
    await disk.fileSystem().unlink('/.tmp-1')
    const replaced = await publishOn(same, undefined, disk)
    expect(replaced).toMatchObject({ result: { ok: true }, paths: ['/a'] })
    const taken = await publishOn(same, { if: 'absent' }, disk)
    const details = { key: 'a', reason: 'taken' }
    expect(taken.result).toMatchObject({ error: { code: 'CONFLICT', details } })
    expect(taken.paths).toEqual(['/a'])
  })

  it('meets its own link, when the answer to the first was lost', async () => {
    const lost = (fs: FileSystem): FileSystem => ({
      ...fs,
      link: async (from, to) => {
        await fs.link(from, to)
        throw systemError('EEXIST')
      },
    })
    expect((await publishOn(lost, { if: 'absent' })).result).toMatchObject({ ok: true })
  })

  it('is gone when its put was aborted before', async () => {
    const aborted = await publishOn(same, { signal: AbortSignal.abort() })
    expect(aborted).toMatchObject({ result: { error: { code: 'ABORTED' } }, paths: [] })
    expect(aborted.result).toMatchObject({ error: { details: { operation: 'put' } } })
  })

  it('has not got it when the kernel refuses', async () => {
    const refusals = 'EACCES EBUSY EISDIR ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR ENOTEMPTY EROFS'
    for (const system of [...refusals.split(' '), 'EXDEV']) {
      for (const [call, options] of [
        ['link', { if: 'absent' }],
        ['rename', undefined],
      ] as const) {
        const refused = await publishOn((fs) => failing(fs, call, systemError(system)), options)
        const details = { operation: 'put', key: 'a', system }
        expect(refused.result, system).toMatchObject({ error: { code: 'IO_FAILED', details } })
        expect(refused.paths).toEqual([])
      }
    }
    for (const system of ['ENOSPC', 'EDQUOT']) {
      const refused = await publishOn((fs) => failing(fs, 'rename', systemError(system)), undefined)
      expect(refused.result, system).toMatchObject({ error: { code: 'NO_SPACE' } })
    }
  })

  it('cannot have it where there are no hard links', async () => {
    for (const system of ['EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM']) {
      const error = systemError(system)
      const refused = await publishOn((fs) => failing(fs, 'link', error), { if: 'absent' })
      const details = { feature: 'hard links' }
      expect(refused.result, system).toMatchObject({ error: { code: 'UNSUPPORTED', details } })
      expect(refused.paths).toEqual([])
    }
  })

  it('may have it or not after any other answer', async () => {
    const details = { operation: 'put', key: 'a', reason: 'no-answer' }
    for (const error of [systemError('EIO'), systemError('ETIMEDOUT'), new Error('odd')]) {
      const unknown = await publishOn((fs) => failing(fs, 'link', error), { if: 'absent' })
      expect(unknown.result).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN', details } })
    }
    const stuck = await publishOn(
      (fs) => failing(failing(fs, 'rename', systemError('EIO')), 'unlink', systemError('EIO')),
      undefined,
    )
    expect(stuck.result).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN' } })
  })
})

describe('directories', () => {
  it('are made once, and each name is synced in its parent, up to the root', async () => {
    const disk = new SimulatedDisk()
    const directories = new Directories(disk.fileSystem(), '/')
    await Promise.all([directories.ready('/a/b'), directories.ready('/a/b')])
    await directories.ready('/')
    const expected = ['mkdir /a', 'syncDirectory /', 'mkdir /a/b', 'syncDirectory /a']
    expect(callsOf(disk)).toEqual(expected)
    await directories.ready('/a/b')
    await directories.make('/a/b')
    expect(callsOf(disk)).toEqual(expected)
  })

  it('are made with their parents and without any sync where nothing is promised', async () => {
    const disk = new SimulatedDisk()
    const directories = new Directories(disk.fileSystem(), '/')
    await directories.make('/a/b')
    expect(callsOf(disk)).toEqual(['mkdir /a/b', 'mkdir /a', 'mkdir /a/b'])
    await directories.make('/a/b')
    expect(callsOf(disk)).toHaveLength(3)
    await directories.make('/')
    expect(callsOf(disk)).toHaveLength(3)
    // To have made one is no promise that it is there after a power cut.
    await directories.ready('/a/b')
    expect(callsOf(disk, 3).filter((call) => call.startsWith('sync'))).toEqual([
      'syncDirectory /',
      'syncDirectory /a',
    ])
  })

  it('that could not be made are tried again the next time', async () => {
    const disk = new SimulatedDisk()
    const directories = new Directories(disk.fileSystem(), '/')
    disk.failNext('ENOSPC', { call: 'mkdir' })
    await expect(directories.ready('/a')).rejects.toMatchObject({ code: 'ENOSPC' })
    await directories.ready('/a')
    expect(disk.paths()).toContain('/a/')
  })

  it('are not where a file or a link is', async () => {
    const disk = new SimulatedDisk()
    disk.plant('/file', BODY)
    const fs = disk.fileSystem()
    const stat: FileSystem['stat'] = async (path) => ({ ...(await fs.stat(path)), kind: 'symlink' })
    const onFile = new Directories(fs, '/').ready('/file')
    await expect(onFile).rejects.toMatchObject({ code: 'ENOTDIR' })
    const onLink = new Directories({ ...fs, stat }, '/').ready('/file')
    await expect(onLink).rejects.toMatchObject({ code: 'ELOOP' })
  })

  it('are not synced any more after a sync that failed', async () => {
    const disk = new SimulatedDisk()
    const directories = new Directories(disk.fileSystem(), '/')
    expect(directories.failure).toBeUndefined()
    disk.failNext('EIO', { call: 'syncDirectory' })
    await expect(directories.sync('/')).rejects.toThrow(SyncFailure)
    const calls = disk.calls
    await expect(directories.sync('/')).rejects.toBe(directories.failure)
    expect(disk.calls).toBe(calls)
    expect(directories.failure?.cause).toMatchObject({ code: 'EIO' })
  })

  it('are synced again after an error of opening them: no sync was tried', async () => {
    const names = ['EACCES', 'ELOOP', 'EMFILE', 'ENFILE', 'ENOENT', 'ENOMEM', 'ENOTDIR', 'EPERM']
    const opened = systemError('EIO', { syscall: 'open' })
    for (const error of [...names.map((name) => systemError(name)), opened]) {
      const fs = failing(new SimulatedDisk().fileSystem(), 'syncDirectory', error)
      const directories = new Directories(fs, '/')
      await expect(directories.sync('/')).rejects.toBe(error)
      expect(directories.failure, error.message).toBeUndefined()
    }
    const synced = systemError('EMFILE', { syscall: 'fsync' })
    for (const error of [synced, new Error('odd')]) {
      const fs = failing(new SimulatedDisk().fileSystem(), 'syncDirectory', error)
      await expect(new Directories(fs, '/').sync('/')).rejects.toThrow(SyncFailure)
    }
  })

  it('share a sync that begins after all of their names were made', async () => {
    const disk = new SimulatedDisk()
    const directories = new Directories(disk.fileSystem(), '/')
    await Promise.all([1, 2, 3, 4].map(() => directories.sync('/')))
    expect(callsOf(disk)).toEqual(['syncDirectory /', 'syncDirectory /'])
  })

  it('lie in one another', () => {
    expect(['/', '/a', '/a/b', '/a/b/c'].map(parentOf)).toEqual(['/', '/', '/a', '/a/b'])
  })
})

describe('a body written to a file', () => {
  const MIB = 1024 * 1024

  async function writeOn(disk: SimulatedDisk, body: BlobBody, durable = true) {
    const result = await writeTemporary(disk.fileSystem(), '/t', 'a', body, durable)
    const writes = disk.journal
      .filter(({ call }) => call === 'write')
      .map(({ position, lengthBytes }) => [position, lengthBytes])
    return { result, writes }
  }

  async function* streamOf(...lengths: number[]): AsyncIterable<Uint8Array> {
    let next = 0
    for (const length of lengths) yield new Uint8Array(length).map(() => (next = (next + 7) % 251))
  }

  async function contentOf(disk: SimulatedDisk): Promise<Uint8Array> {
    const file = await disk.fileSystem().open('/t')
    const { sizeBytes } = await file.stat()
    const bytes = new Uint8Array(sizeBytes)
    await file.read(bytes, 0)
    await file.close()
    return bytes
  }

  async function joined(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const parts: number[] = []
    for await (const part of stream) for (const byte of part) parts.push(byte)
    return Uint8Array.from(parts)
  }

  it('is whole, at one blow, and synced only where that is promised', async () => {
    const disk = new SimulatedDisk()
    const { result, writes } = await writeOn(disk, BODY)
    expect(result).toMatchObject({ ok: true, value: { key: 'a', sizeBytes: 3 } })
    expect(writes).toEqual([[0, 3]])
    expect(callsOf(disk)).toContain('datasync /t')
    const hinted = new SimulatedDisk()
    await writeOn(hinted, BODY, false)
    expect(callsOf(hinted)).not.toContain('datasync /t')
    expect([...disk.openHandles, ...hinted.openHandles]).toEqual([])
  })

  it('is gathered from small pieces into writes of a mebibyte; large ones go as they are', async () => {
    for (const [lengths, expected] of [
      [[], []],
      [[5, 0, 7], [[0, 12]]],
      [[MIB - 1, 1], [[0, MIB]]],
      [
        [MIB - 1, 2, 3],
        [
          [0, MIB - 1],
          [MIB - 1, 5],
        ],
      ],
      [[MIB], [[0, MIB]]],
      [
        [9, MIB + 1, 4],
        [
          [0, 9],
          [9, MIB + 1],
          [MIB + 10, 4],
        ],
      ],
    ] as const) {
      const disk = new SimulatedDisk()
      const { result, writes } = await writeOn(disk, streamOf(...lengths))
      expect(result.ok).toBe(true)
      expect(writes).toEqual(expected)
    }
  })

  it('is what its pieces were', async () => {
    const disk = new SimulatedDisk()
    await writeOn(disk, streamOf(3, 70_000, 1, 500))
    expect(await contentOf(disk)).toEqual(await joined(streamOf(3, 70_000, 1, 500)))
  })

  it('leaves nothing behind when its source fails, and blames the source', async () => {
    const disk = new SimulatedDisk()
    const cause = new Error('no more')
    async function* broken(): AsyncIterable<Uint8Array> {
      yield BODY
      throw cause
    }
    const { result } = await writeOn(disk, broken())
    const details = { argument: 'body', reason: 'its source failed' }
    expect(result).toMatchObject({ error: { code: 'INVALID_ARGUMENT', details, cause } })
    expect([disk.paths().includes('/t'), disk.openHandles]).toEqual([false, []])
  })

  it('leaves nothing behind when any call fails, even when nothing can be tidied', async () => {
    for (const call of ['create', 'write', 'datasync', 'handleStat', 'close'] as const) {
      const disk = new SimulatedDisk()
      disk.failNext('EIO', { call })
      const { result } = await writeOn(disk, BODY)
      const details = { operation: 'put', key: 'a', system: 'EIO' }
      expect(result, call).toMatchObject({ error: { code: 'IO_FAILED', details } })
      expect([disk.paths().includes('/t'), disk.openHandles], call).toEqual([false, []])
    }
    const disk = new SimulatedDisk()
    for (const call of ['write', 'close', 'unlink'] as const) disk.failNext('EIO', { call })
    expect((await writeOn(disk, BODY)).result).toMatchObject({ error: { code: 'IO_FAILED' } })
    const closes = disk.journal.filter(({ call }) => call === 'close')
    expect(closes).toHaveLength(1)
  })
})

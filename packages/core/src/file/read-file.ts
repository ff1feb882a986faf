import type { BlobInfo, ReadError, StoredBlob, Version } from '../blob/blob-store.ts'
import { coreError } from '../result/core-errors.ts'
import { err, ok, unwrap, type AsyncResult } from '../result/result.ts'
import type { FileStat, FileSystem, ReadableFile } from './file-system.ts'
import { attemptSystem, systemName } from './system-failure.ts'

/** Up to this size a blob is read with its facts: most are records, and one open serves both. */
const EAGER_BYTES = 256 * 1024

/** Pieces of this size reach the speed of the page cache. */
const PIECE_BYTES = 1024 * 1024

interface Range {
  readonly start: number
  readonly end: number
}

/** The facts of a file as those of a blob. */
export function blobInfo(key: string, stat: FileStat): BlobInfo {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that makes them
  const version = `${stat.identity}.${stat.sizeBytes}` as Version
  return { key, sizeBytes: stat.sizeBytes, version }
}

/** Whether a failure only says that there is no such file. */
export function isAbsence(error: unknown): boolean {
  const name = systemName(error)
  return name === 'ENOENT' || name === 'ENOTDIR'
}

/** The facts of the file at a path, or `undefined`. */
export async function headFile(
  fs: FileSystem,
  path: string,
  key: string,
): Promise<BlobInfo | undefined> {
  try {
    const stat = await fs.stat(path)
    return stat.kind === 'file' ? blobInfo(key, stat) : undefined
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

/** Takes a file away; one that is not there is fine. */
export async function removeFile(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.unlink(path)
  } catch (error) {
    if (!isAbsence(error)) throw error
  }
}

/** The file at a path as a blob, or `undefined`. Holds nothing open after it resolves. */
export async function readFile(
  fs: FileSystem,
  path: string,
  key: string,
  range: Range,
): Promise<StoredBlob | undefined> {
  const file = await openIfThere(fs, path)
  if (file === undefined) return undefined
  try {
    const stat = await file.stat()
    if (stat.kind !== 'file') return undefined
    const info = blobInfo(key, stat)
    const start = Math.min(range.start, info.sizeBytes)
    const end = Math.min(range.end, info.sizeBytes)
    if (end - start > EAGER_BYTES) return lazyBlob(fs, path, info, { start, end })
    return eagerBlob(info, await readPart(file, start, end))
  } finally {
    await file.close()
  }
}

async function openIfThere(fs: FileSystem, path: string): Promise<ReadableFile | undefined> {
  try {
    return await fs.open(path)
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

async function readPart(file: ReadableFile, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start)
  let done = 0
  while (done < bytes.length) {
    const count = await file.read(bytes.subarray(done), start + done)
    if (count === 0) break
    done += count
  }
  // A file that shrank under us: give what there is, digests above will tell.
  return done === bytes.length ? bytes : bytes.slice(0, done)
}

function eagerBlob(info: BlobInfo, content: Uint8Array): StoredBlob {
  return {
    ...info,
    bytes: async () => ok(content.slice()),
    stream: async function* () {
      yield content.slice()
    },
  }
}

/** A large blob is opened again when its bytes are asked for, and must still be the same file. */
function lazyBlob(fs: FileSystem, path: string, info: BlobInfo, range: Range): StoredBlob {
  async function* pieces(): AsyncIterable<Uint8Array> {
    const file = unwrap(await reopen(fs, path, info))
    try {
      for (let at = range.start; at < range.end;) {
        const piece = await readPart(file, at, Math.min(at + PIECE_BYTES, range.end))
        if (piece.length === 0) return
        yield piece
        at += piece.length
      }
    } finally {
      await file.close()
    }
  }
  return {
    ...info,
    bytes: async () => {
      const file = await reopen(fs, path, info)
      if (!file.ok) return file
      return attemptSystem('get', info.key, async () => {
        try {
          return await readPart(file.value, range.start, range.end)
        } finally {
          await file.value.close()
        }
      })
    },
    stream: pieces,
  }
}

async function reopen(
  fs: FileSystem,
  path: string,
  info: BlobInfo,
): AsyncResult<ReadableFile, ReadError> {
  const opened = await attemptSystem('get', info.key, () => openIfThere(fs, path))
  if (!opened.ok) return opened
  const file = opened.value
  if (file === undefined) return err(replacedError(info.key))
  const stat = await attemptSystem('get', info.key, () => file.stat())
  if (stat.ok && blobInfo(info.key, stat.value).version === info.version) return ok(file)
  await file.close()
  return stat.ok ? err(replacedError(info.key)) : stat
}

function replacedError(key: string): ReadError {
  return coreError('CONFLICT', `${key} was replaced since it was found`, { key, reason: 'changed' })
}

import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BlobStoreSupport } from '../blob/blob-store.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import { parentOf } from './directories.ts'
import type { FileSystem } from './file-system.ts'
import { attemptSystem, systemName } from './system-failure.ts'

/** Why a directory cannot be opened as a store. */
export type OpenFileError = CoreError<'OPEN_FAILED' | 'IO_FAILED' | 'NO_SPACE'>

/** A directory that is ready to be the root of a store. */
export interface PreparedRoot {
  readonly root: string
  readonly durable: BlobStoreSupport['durable']
}

/**
 * Makes the root directory of a store if need be, and makes its name durable: whoever made it or
 * its parents may have crashed before syncing them, so all of them are synced once.
 */
export async function prepareRoot(
  fs: FileSystem,
  directory: string,
  resolveLinks: boolean,
): AsyncResult<PreparedRoot, OpenFileError> {
  const root = absolute(directory, resolveLinks)
  const prepared = await attemptSystem('open', undefined, async () => {
    await makeAll(fs, root)
    const { kind } = await fs.stat(root)
    return kind === 'directory' ? { kind, durable: await syncUpwards(fs, root) } : { kind }
  })
  if (!prepared.ok) return prepared
  const { kind, durable } = prepared.value
  if (durable !== undefined) return ok({ root, durable: durable ? 'power' : 'process' })
  const message = `${quote(root)} is a ${kind}, not a directory; choose another place`
  return err(coreError('OPEN_FAILED', message, { what: 'directory', reason: `a ${kind} is there` }))
}

function absolute(directory: string, resolveLinks: boolean): string {
  const path = resolve(directory)
  let real = path
  try {
    if (resolveLinks) real = realpathSync(path)
  } catch {
    // Not there yet: it is about to be made.
  }
  return real.replaceAll('\\', '/')
}

async function makeAll(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.mkdir(path)
  } catch (error) {
    const name = systemName(error)
    if (name === 'EEXIST' || name === 'EISDIR') return
    if (name !== 'ENOENT' || path === parentOf(path)) throw error
    await makeAll(fs, parentOf(path))
    await makeAll(fs, path)
  }
}

/** Parents that may not be opened, or lie on a read-only medium, were made by somebody else. */
const NOT_OURS = new Set(['EACCES', 'EPERM', 'EROFS', 'EINVAL'])

async function syncUpwards(fs: FileSystem, root: string): Promise<boolean> {
  if (!(await fs.syncDirectory(root))) return false
  for (let path = root; path !== '/' && path.includes('/');) {
    path = parentOf(path)
    try {
      await fs.syncDirectory(path)
    } catch (error) {
      if (!NOT_OURS.has(systemName(error) ?? '')) throw error
    }
  }
  return true
}

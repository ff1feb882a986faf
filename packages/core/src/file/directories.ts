import { SharedRun } from '../concurrency/shared-run.ts'
import type { FileSystem } from './file-system.ts'
import { SyncFailure, systemName } from './system-failure.ts'

/**
 * The directories of one store: made on first use, and synced together.
 *
 * A name survives a power cut only when its directory was synced, and that directory's own name
 * only when its parent was. So at this process's first use of a directory, whoever made it, its
 * parents up to the root of the store are synced too.
 */
export class Directories {
  readonly #fs: FileSystem
  readonly #root: string
  readonly #ready = new Map<string, Promise<void>>()
  /** Those that exist, and perhaps not durably. To ask the disk each time would cost 20 µs. */
  readonly #made = new Set<string>()
  readonly #syncs = new Map<string, SharedRun>()
  #failure: SyncFailure | undefined

  constructor(fs: FileSystem, root: string) {
    this.#fs = fs
    this.#root = root
  }

  /**
   * Why nothing can be made durable any more. After a failed sync the kernel may drop what it could
   * not write and report success next time, so no later sync through this process is believed.
   */
  get failure(): SyncFailure | undefined {
    return this.#failure
  }

  /** Makes a directory below the root if need be, with a name that survives a power cut. */
  ready(path: string): Promise<void> {
    const known = this.#ready.get(path)
    if (known !== undefined) return known
    const begun = this.#prepare(path)
    this.#ready.set(path, begun)
    // A failure is not remembered: the next use tries again.
    begun.catch(() => this.#ready.delete(path))
    return begun
  }

  /** Makes a directory if need be, without a promise about power cuts. */
  async make(path: string): Promise<void> {
    if (this.#ready.has(path) || this.#made.has(path)) return
    await this.#make(path)
    this.#made.add(path)
  }

  /**
   * Syncs a directory. Calls that arrive while a sync runs share the next one: only a sync that
   * starts after a name was made covers it.
   */
  sync(path: string): Promise<void> {
    const shared = this.#syncs.get(path) ?? new SharedRun(() => this.#syncOnce(path))
    this.#syncs.set(path, shared)
    return shared.run()
  }

  async #syncOnce(path: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    try {
      await this.#fs.syncDirectory(path)
    } catch (error) {
      if (neverReachedTheSync(error)) throw error
      this.#failure = new SyncFailure(error)
      throw this.#failure
    }
  }

  async #prepare(path: string): Promise<void> {
    if (path === this.#root) return
    const parent = parentOf(path)
    await this.ready(parent)
    await this.#make(path)
    await this.sync(parent)
  }

  async #make(path: string): Promise<void> {
    if (path === this.#root) return
    try {
      await this.#fs.mkdir(path)
      return
    } catch (error) {
      const name = systemName(error)
      if (name === 'ENOENT') {
        await this.#make(parentOf(path))
        return this.#make(path)
      }
      if (name !== 'EEXIST') throw error
    }
    const { kind } = await this.#fs.stat(path)
    if (kind !== 'directory') throw notADirectory(path, kind)
  }
}

/** Errors of opening the directory: no sync was tried, so a later one can be believed. */
const OPEN_FAILURES = new Set([
  'EACCES',
  'ELOOP',
  'EMFILE',
  'ENFILE',
  'ENOENT',
  'ENOMEM',
  'ENOTDIR',
  'EPERM',
])

function neverReachedTheSync(error: unknown): boolean {
  if (error instanceof Error && 'syscall' in error) return error.syscall === 'open'
  return OPEN_FAILURES.has(systemName(error) ?? '')
}

/** The directory that a path lies in. */
export function parentOf(path: string): string {
  const cut = path.lastIndexOf('/')
  return cut <= 0 ? '/' : path.slice(0, cut)
}

function notADirectory(path: string, kind: string): Error {
  const code = kind === 'symlink' ? 'ELOOP' : 'ENOTDIR'
  return Object.assign(new Error(`${code}: a ${kind} stands where a directory belongs: ${path}`), {
    code,
  })
}

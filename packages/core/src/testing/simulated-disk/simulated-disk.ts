import type { FileSystem } from '../../file/file-system.ts'
import { allPaths, plantEffects, readPath, type Planted } from './contents.ts'
import { ROOT, syncedDirectory, type Nodes } from './disk-image.ts'
import type { FaultOptions } from './faults.ts'
import { fileSystemView, type Gate } from './file-system-view.ts'
import type { JournalEntry } from './journal.ts'
import { startKernel, type Kernel } from './kernel.ts'
import type { ErrorId } from './system-error.ts'

/** How a simulated disk starts. */
export interface SimulatedDiskOptions {
  /** What is on it. An empty root directory unless said. */
  readonly nodes?: Nodes
  /** Room for the bytes of files; no limit unless said. */
  readonly capacityBytes?: number
  /** The clock behind `modifiedMs`; unless said, it is the length of the journal. */
  readonly nowMs?: () => number
}

/**
 * A disk in memory that knows what was synced, so that a power cut can lose the rest.
 *
 * Every process gets a {@link FileSystem} of its own on the same names and bytes. Every call is
 * written into the journal; from it, {@link crashStates} rebuilds each disk that a power cut
 * could have left, and {@link processCrash} the one that the death of all processes leaves.
 *
 * @example
 * import { crashStates, SimulatedDisk } from '@tidemark/core/testing'
 *
 * const disk = new SimulatedDisk()
 * const fileSystem = disk.fileSystem()
 * const file = await fileSystem.create('/greeting')
 * await file.write(new TextEncoder().encode('hello'), 0)
 * await file.datasync()
 * await fileSystem.syncDirectory('/')
 * disk.mark('acknowledged')
 *
 * const kept = [...crashStates(disk)].filter(({ marks }) => marks.includes('acknowledged'))
 * new Set(kept.map((state) => String(state.disk.read('/greeting')))).size // => 1
 */
export class SimulatedDisk {
  /** What was on the disk before the first line of the journal. */
  readonly start: Nodes
  readonly #kernel: Kernel
  readonly #options: SimulatedDiskOptions

  constructor(options: SimulatedDiskOptions = {}) {
    this.#options = options
    this.start = options.nodes ?? new Map([[ROOT, syncedDirectory(new Map())]])
    const { capacityBytes = Infinity, nowMs } = options
    this.#kernel = startKernel({ nodes: this.start, capacityBytes, nowMs })
  }

  /** Another disk with these contents, the same capacity and the same clock. */
  withNodes(nodes: Nodes): SimulatedDisk {
    return new SimulatedDisk({ ...this.#options, capacityBytes: this.capacityBytes, nodes })
  }

  /** The view of one process; its calls wait at the gate, if there is one. */
  fileSystem(process = 'main', gate?: Gate): FileSystem {
    return fileSystemView(this.#kernel, process, gate)
  }

  /** Everything that was asked of the disk, oldest first. */
  get journal(): readonly JournalEntry[] {
    return this.#kernel.journal
  }

  /** How many calls there were; marks and plants are none. */
  get calls(): number {
    return this.#kernel.calls
  }

  /** The paths by which handles are open that nobody closed. */
  get openHandles(): string[] {
    return [...this.#kernel.handles].map(({ path }) => path)
  }

  /** The bytes of all files that have a name or are open. */
  get usedBytes(): number {
    return this.#kernel.usedBytes()
  }

  get capacityBytes(): number {
    return this.#kernel.capacityBytes
  }

  /** Room for the bytes of files: a write beyond it writes what fits and gives `ENOSPC`. */
  set capacityBytes(bytes: number) {
    this.#kernel.capacityBytes = bytes
  }

  /** Writes a line into the journal: `acknowledged 3`. States after it list it in `marks`. */
  mark(label: string): void {
    this.#kernel.note({ call: 'mark', path: label }, [])
  }

  /**
   * Puts a file (by its bytes), a `'directory'` or a symbolic link there, durable at once, in
   * the place of whatever had that name. Missing directories above it are made, durable too.
   */
  plant(path: string, planted: Planted): void {
    const { nodes } = this.#kernel
    const effects = plantEffects(nodes, path, planted, {
      newInode: () => this.#kernel.newInode(),
      nowMs: this.#kernel.nowMs(),
    })
    this.#kernel.note({ call: 'plant', path }, effects)
  }

  /** The bytes that a process would read there; `undefined` when no file is there. */
  read(path: string): Uint8Array | undefined {
    return readPath(this.#kernel.nodes, path)
  }

  /** All names that a process would find, sorted; directories end in `/`. */
  paths(): string[] {
    return allPaths(this.#kernel.nodes).sort()
  }

  /**
   * Makes the next call that fits fail.
   *
   * A sync that fails abandons what it should have made durable: still visible, but no later
   * sync, though it succeeds, makes it durable. Any other call has no effect, unless the options
   * say so.
   */
  failNext(error: ErrorId, options: FaultOptions = {}): void {
    this.#kernel.faults.add({ ...options, error })
  }

  /** Makes the call of that index fail, counted from 0 over all processes. */
  failAt(index: number, error: ErrorId, options: FaultOptions = {}): void {
    this.#kernel.faults.add({ ...options, error, index })
  }

  /** Forgets the faults whose call has not come. */
  clearFaults(): void {
    this.#kernel.faults.clear()
  }
}

import type {
  DirectoryEntry,
  FileStat,
  FileSystem,
  ReadableFile,
  WritableFile,
} from '../../file/file-system.ts'
import { fileAt, type Effect, type Inode, type Nodes } from './disk-image.ts'
import type { Call, Operation } from './journal.ts'
import { write, type Kernel, type Outcome } from './kernel.ts'
import * as names from './name-calls.ts'
import { locateExisting } from './paths.ts'
import { systemError } from './system-error.ts'

/** Where the calls of a process wait for their turn. */
export interface Gate {
  /** Resolves when the call may run. Never resolves when the process is dead. */
  turn(process: string, operation: Operation): Promise<void>
}

/** One process's view of the disk. */
export function fileSystemView(kernel: Kernel, process: string, gate?: Gate): FileSystem {
  async function call<T>(operation: Operation, act: () => Outcome<T>): Promise<T> {
    if (gate !== undefined) await gate.turn(process, operation)
    return kernel.call(process, operation, act)
  }

  function change(call_: Call, path: string, act: () => readonly Effect[], to?: string) {
    const operation = { call: call_, path, ...(to === undefined ? {} : { to }) }
    return call(operation, () => ({ value: undefined, effects: act() }))
  }

  const { nodes } = kernel
  return {
    async create(path) {
      const inode = await call({ call: 'create', path }, () => {
        const made = names.create(nodes, path, kernel.newInode(), kernel.nowMs())
        return { value: made.inode, effects: made.effects }
      })
      return writableFile(kernel, call, path, inode)
    },
    async open(path) {
      const inode = await call({ call: 'open', path }, () => {
        const place = locateExisting(nodes, path)
        refuseSymlink(nodes, place.inode)
        return given(place.inode)
      })
      return readableFile(kernel, call, path, inode)
    },
    link: (from, to) => change('link', from, () => names.link(nodes, from, to), to),
    rename: (from, to) => change('rename', from, () => names.rename(nodes, from, to), to),
    unlink: (path) => change('unlink', path, () => names.unlink(nodes, path)),
    mkdir: (path) => change('mkdir', path, () => names.mkdir(nodes, path, kernel.newInode())),
    rmdir: (path) => change('rmdir', path, () => names.rmdir(nodes, path)),
    list: (path) => call({ call: 'list', path }, () => given(list(nodes, path))),
    stat: (path) =>
      call({ call: 'stat', path }, () => given(statOf(nodes, locateExisting(nodes, path).inode))),
    syncDirectory: (path) =>
      call({ call: 'syncDirectory', path }, () => {
        const { inode } = directory(nodes, path)
        return { value: true, effects: [{ kind: 'sync', inode }] }
      }),
  }
}

type CallRunner = <T>(operation: Operation, act: () => Outcome<T>) => Promise<T>

/** What handles for reading and for writing have in common. */
function handle(kernel: Kernel, call: CallRunner, path: string, inode: Inode) {
  const opened = { inode, path }
  kernel.handles.add(opened)
  const refuseClosed = () => {
    if (!kernel.handles.has(opened)) throw systemError('EBADF')
  }
  return {
    refuseClosed,
    stat: () =>
      call({ call: 'handleStat', path }, () => {
        refuseClosed()
        return given(statOf(kernel.nodes, inode))
      }),
    close: () =>
      call({ call: 'close', path }, () => {
        refuseClosed()
        // As on Linux, the handle is gone even when `close` fails.
        kernel.handles.delete(opened)
        return given(undefined)
      }),
  }
}

function writableFile(kernel: Kernel, call: CallRunner, path: string, inode: Inode): WritableFile {
  const { refuseClosed, stat, close } = handle(kernel, call, path, inode)
  return {
    write: (bytes, position) =>
      call({ call: 'write', path, position, lengthBytes: bytes.length }, () => {
        refuseClosed()
        return write(kernel, inode, { position, bytes })
      }),
    datasync: () =>
      call({ call: 'datasync', path }, () => {
        refuseClosed()
        return { value: undefined, effects: [{ kind: 'sync', inode }] }
      }),
    stat,
    close,
  }
}

function readableFile(kernel: Kernel, call: CallRunner, path: string, inode: Inode): ReadableFile {
  const { refuseClosed, stat, close } = handle(kernel, call, path, inode)
  return {
    read: (into, position) =>
      call({ call: 'read', path, position, lengthBytes: into.length }, () => {
        refuseClosed()
        if (kernel.nodes.get(inode)?.kind === 'directory') throw systemError('EISDIR')
        const bytes = fileAt(kernel.nodes, inode).visible.subarray(position, position + into.length)
        into.set(bytes)
        return given(bytes.length)
      }),
    stat,
    close,
  }
}

/** Newest name first, so that nobody comes to count on an order. */
function list(nodes: Nodes, path: string): DirectoryEntry[] {
  const { node } = directory(nodes, path)
  const entries: DirectoryEntry[] = []
  for (const [name, inode] of node.visible) {
    entries.unshift({ name, kind: nodes.get(inode)?.kind ?? 'other' })
  }
  return entries
}

function directory(nodes: Nodes, path: string) {
  const { inode } = locateExisting(nodes, path)
  refuseSymlink(nodes, inode)
  const node = nodes.get(inode)
  if (node?.kind !== 'directory') throw systemError('ENOTDIR')
  return { inode, node }
}

function refuseSymlink(nodes: Nodes, inode: Inode): void {
  if (nodes.get(inode)?.kind === 'symlink') throw systemError('ELOOP')
}

function statOf(nodes: Nodes, inode: Inode): FileStat {
  const node = nodes.get(inode)
  const file = node?.kind === 'file' ? node : undefined
  return {
    kind: node?.kind ?? 'other',
    sizeBytes: file?.visible.length ?? 0,
    identity: `1:${inode}`,
    modifiedMs: file?.modifiedMs ?? 0,
  }
}

function given<T>(value: T): Outcome<T> {
  return { value, effects: [] }
}

import {
  syncedDirectory,
  syncedFile,
  type Effect,
  type Inode,
  type NameChange,
  type Nodes,
} from './disk-image.ts'
import { locate, locateExisting } from './paths.ts'
import { systemError } from './system-error.ts'

/** What `create` did: the new file, and how the disk changes. */
export interface Created {
  readonly inode: Inode
  readonly effects: readonly Effect[]
}

/** A new empty file. */
export function create(nodes: Nodes, path: string, inode: Inode, nowMs: number): Created {
  const place = locate(nodes, path)
  if (place.inode !== undefined) throw systemError('EEXIST')
  const node = syncedFile(new Uint8Array(), nowMs)
  return {
    inode,
    effects: [{ kind: 'make', inode, node }, names(place.directory, [[place.name, inode]])],
  }
}

/** A new empty directory. */
export function mkdir(nodes: Nodes, path: string, inode: Inode): Effect[] {
  const place = locate(nodes, path)
  if (place.inode !== undefined) throw systemError('EEXIST')
  return [
    { kind: 'make', inode, node: syncedDirectory(new Map()) },
    names(place.directory, [[place.name, inode]]),
  ]
}

/** A second name for a file. */
export function link(nodes: Nodes, from: string, to: string): Effect[] {
  const source = locateExisting(nodes, from)
  const target = locate(nodes, to)
  if (target.inode !== undefined) throw systemError('EEXIST')
  if (nodes.get(source.inode)?.kind === 'directory') throw systemError('EPERM')
  return [names(target.directory, [[target.name, source.inode]])]
}

/** Takes the name of anything but a directory away. */
export function unlink(nodes: Nodes, path: string): Effect[] {
  const place = locateExisting(nodes, path)
  if (nodes.get(place.inode)?.kind === 'directory') throw systemError('EISDIR')
  return [names(place.directory, [[place.name, undefined]])]
}

/** Takes an empty directory away. */
export function rmdir(nodes: Nodes, path: string): Effect[] {
  const place = locateExisting(nodes, path)
  if (place.name === '') throw systemError('EBUSY')
  const node = nodes.get(place.inode)
  if (node?.kind !== 'directory') throw systemError('ENOTDIR')
  if (node.visible.size > 0) throw systemError('ENOTEMPTY')
  return [names(place.directory, [[place.name, undefined]])]
}

/**
 * Moves a name.
 *
 * Inside one directory this is one change. Between two it is two, which a power cut may separate:
 * the file may be found under both names or under none. Journalling file systems keep them
 * together; POSIX does not say so, and nothing here should need it. A directory cannot be moved
 * to another one (`EXDEV`, as on overlay file systems): nothing here should need that either.
 */
export function rename(nodes: Nodes, from: string, to: string): Effect[] {
  const source = locateExisting(nodes, from)
  const target = locate(nodes, to)
  if (source.name === '' || target.name === '') throw systemError('EBUSY')
  // Into itself, or over a directory that it lies in.
  if (target.above.includes(source.inode)) throw systemError('EINVAL')
  if (source.above.some((inode) => inode === target.inode)) throw systemError('ENOTEMPTY')
  const isDirectory = nodes.get(source.inode)?.kind === 'directory'
  // Two names of one file: POSIX does nothing, and leaves both.
  if (source.inode === target.inode) return []
  refuseToReplace(nodes, isDirectory, target.inode)
  if (source.directory !== target.directory) {
    if (isDirectory) throw systemError('EXDEV')
    return [
      names(target.directory, [[target.name, source.inode]]),
      names(source.directory, [[source.name, undefined]]),
    ]
  }
  const change: [string, Inode | undefined][] = [
    [source.name, undefined],
    [target.name, source.inode],
  ]
  return [names(source.directory, change)]
}

/** The rules for the name that a rename lands on. */
function refuseToReplace(nodes: Nodes, directory: boolean, inode: Inode | undefined): void {
  const replaced = inode === undefined ? undefined : nodes.get(inode)
  if (replaced === undefined) return
  if (directory && replaced.kind !== 'directory') throw systemError('ENOTDIR')
  if (!directory && replaced.kind === 'directory') throw systemError('EISDIR')
  if (replaced.kind === 'directory' && replaced.visible.size > 0) throw systemError('ENOTEMPTY')
}

function names(directory: Inode, changes: [string, Inode | undefined][]): Effect {
  const change: NameChange = new Map(changes)
  return { kind: 'name', directory, change, fate: 'pending' }
}

import type { Operation } from './journal.ts'

/** The number of a file, directory or symbolic link, whatever its names are. Never used twice. */
export type Inode = number

/** The directory that is always there. */
export const ROOT: Inode = 1

/** Bytes put at a position of a file. */
export interface Write {
  readonly position: number
  readonly bytes: Uint8Array
}

/** The names in a directory. */
export type Names = ReadonlyMap<string, Inode>

/** Names set or (`undefined`) taken away, all at once: a rename inside one directory is one. */
export type NameChange = ReadonlyMap<string, Inode | undefined>

/**
 * A change that happened, but need not be on the medium yet.
 *
 * - `pending`: the next sync makes it durable.
 * - `abandoned`: its sync failed. The kernel calls it clean from then on, so no later sync writes
 *   it; a power cut may lose it for ever.
 * - `durable`: on the medium, but listed still, for an abandoned change lies below it.
 */
export interface Unsynced<Change> {
  readonly change: Change
  readonly fate: 'pending' | 'abandoned' | 'durable'
  /** The operation that made the change. */
  readonly operation: Operation
}

/** A file: what a process sees, what the medium holds for sure, and the changes between them. */
export interface FileNode {
  readonly kind: 'file'
  readonly visible: Uint8Array
  readonly durable: Uint8Array
  readonly unsynced: readonly Unsynced<Write>[]
  readonly modifiedMs: number
}

/** A directory, in the same three parts. */
export interface DirectoryNode {
  readonly kind: 'directory'
  readonly visible: Names
  readonly durable: Names
  readonly unsynced: readonly Unsynced<NameChange>[]
}

/** A symbolic link. It is written with its name. */
export interface SymlinkNode {
  readonly kind: 'symlink'
  readonly target: string
}

/** Whatever a name can stand for. */
export type DiskNode = FileNode | DirectoryNode | SymlinkNode

/** All nodes of a disk by number. Nodes are immutable, so a copy of the map is a copy of a disk. */
export type Nodes = ReadonlyMap<Inode, DiskNode>

/** What a call did to the disk. A disk is its first image plus the effects in its journal. */
export type Effect =
  | { readonly kind: 'make'; readonly inode: Inode; readonly node: DiskNode }
  | {
      readonly kind: 'write'
      readonly inode: Inode
      readonly write: Write
      readonly modifiedMs: number
    }
  | {
      readonly kind: 'name'
      readonly directory: Inode
      readonly change: NameChange
      readonly fate: 'pending' | 'durable'
    }
  /** A successful sync: bytes of a file, names of a directory. */
  | { readonly kind: 'sync'; readonly inode: Inode }
  /** A failed one. */
  | { readonly kind: 'abandon'; readonly inode: Inode }

/** A file as it is when everything about it is on the medium. */
export function syncedFile(bytes: Uint8Array, modifiedMs: number): FileNode {
  return { kind: 'file', visible: bytes, durable: bytes, unsynced: [], modifiedMs }
}

/** A directory as it is when everything about it is on the medium. */
export function syncedDirectory(names: Names): DirectoryNode {
  return { kind: 'directory', visible: names, durable: names, unsynced: [] }
}

/** Applies what one operation did. */
export function applyEffect(
  nodes: Map<Inode, DiskNode>,
  effect: Effect,
  operation: Operation,
): void {
  switch (effect.kind) {
    case 'make':
      nodes.set(effect.inode, effect.node)
      return
    case 'write': {
      const file = fileAt(nodes, effect.inode)
      const visible = overlay(file.visible, effect.write)
      const unsynced = { change: effect.write, fate: 'pending' as const, operation }
      nodes.set(effect.inode, {
        ...file,
        visible,
        unsynced: [...file.unsynced, unsynced],
        modifiedMs: effect.modifiedMs,
      })
      return
    }
    case 'name': {
      const { change, fate } = effect
      const directory = directoryAt(nodes, effect.directory)
      const visible = rename(directory.visible, change)
      const unsynced = [...directory.unsynced, { change, fate, operation }]
      nodes.set(effect.directory, fold({ ...directory, visible, unsynced }))
      return
    }
    case 'sync':
      resolvePending(nodes, effect.inode, 'durable')
      return
    case 'abandon':
      resolvePending(nodes, effect.inode, 'abandoned')
  }
}

/** The bytes with others put over them; a gap reads as zeros. */
export function overlay(bytes: Uint8Array, { position, bytes: written }: Write): Uint8Array {
  const end = position + written.length
  const result = new Uint8Array(Math.max(bytes.length, end))
  result.set(bytes)
  result.set(written, position)
  return result
}

/** The names after a change. */
export function rename(names: Names, change: NameChange): Names {
  const result = new Map(names)
  for (const [name, inode] of change) {
    if (inode === undefined) result.delete(name)
    else result.set(name, inode)
  }
  return result
}

/** The file of that number. */
export function fileAt(nodes: Nodes, inode: Inode): FileNode {
  const node = nodes.get(inode)
  if (node?.kind !== 'file') throw new TypeError(`inode ${inode} is not a file`)
  return node
}

/** The directory of that number. */
export function directoryAt(nodes: Nodes, inode: Inode): DirectoryNode {
  const node = nodes.get(inode)
  if (node?.kind !== 'directory') throw new TypeError(`inode ${inode} is not a directory`)
  return node
}

function resolvePending(
  nodes: Map<Inode, DiskNode>,
  inode: Inode,
  fate: 'abandoned' | 'durable',
): void {
  const node = nodes.get(inode)
  if (node === undefined || node.kind === 'symlink') return
  if (node.kind === 'file') {
    nodes.set(inode, fold({ ...node, unsynced: node.unsynced.map((one) => decide(one, fate)) }))
  } else {
    nodes.set(inode, fold({ ...node, unsynced: node.unsynced.map((one) => decide(one, fate)) }))
  }
}

function decide<C>(one: Unsynced<C>, fate: 'abandoned' | 'durable'): Unsynced<C> {
  return one.fate === 'pending' ? { ...one, fate } : one
}

/** Moves what is durable and has nothing doubtful below it into the durable part. */
function fold(node: FileNode): FileNode
function fold(node: DirectoryNode): DirectoryNode
function fold(node: FileNode | DirectoryNode): FileNode | DirectoryNode {
  const doubtful = node.unsynced.findIndex((one) => one.fate !== 'durable')
  // Nothing is doubtful: what is seen is what is held.
  if (doubtful === -1) {
    return node.kind === 'file'
      ? { ...node, durable: node.visible, unsynced: [] }
      : { ...node, durable: node.visible, unsynced: [] }
  }
  if (node.kind === 'file') {
    const settled = node.unsynced.slice(0, doubtful)
    const durable = settled.reduce((bytes, one) => overlay(bytes, one.change), node.durable)
    return { ...node, durable, unsynced: node.unsynced.slice(doubtful) }
  }
  const settled = node.unsynced.slice(0, doubtful)
  const durable = settled.reduce((names, one) => rename(names, one.change), node.durable)
  return { ...node, durable, unsynced: node.unsynced.slice(doubtful) }
}

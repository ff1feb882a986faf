import {
  directoryAt,
  ROOT,
  syncedDirectory,
  syncedFile,
  type DiskNode,
  type Effect,
  type Inode,
  type Nodes,
} from './disk-image.ts'
import { locate } from './paths.ts'
import { errorIdOf } from './system-error.ts'

/** What a test can put on a disk. */
export type Planted = Uint8Array | 'directory' | { readonly symlink: string }

/** The effects that put something there, durable at once, in missing directories if need be. */
export function plantEffects(
  nodes: Nodes,
  path: string,
  planted: Planted,
  { newInode, nowMs }: { newInode: () => Inode; nowMs: number },
): Effect[] {
  const effects: Effect[] = []
  const add = (directory: Inode, name: string, node: DiskNode): Inode => {
    const inode = newInode()
    effects.push({ kind: 'make', inode, node })
    effects.push({ kind: 'name', directory, change: new Map([[name, inode]]), fate: 'durable' })
    return inode
  }
  const parts = path.split('/').filter((part) => part !== '')
  const name = parts.pop()
  if (name === undefined) throw new TypeError('the root is always there')
  let parent: Inode = ROOT
  for (const part of parts) {
    const known = nodes.get(parent)
    const child = known?.kind === 'directory' ? known.visible.get(part) : undefined
    parent = child ?? add(parent, part, syncedDirectory(new Map()))
  }
  add(parent, name, nodeOf(planted, nowMs))
  return effects
}

/** The bytes of the file at a path. */
export function readPath(nodes: Nodes, path: string): Uint8Array | undefined {
  try {
    const { inode } = locate(nodes, path)
    const node = inode === undefined ? undefined : nodes.get(inode)
    return node?.kind === 'file' ? node.visible.slice() : undefined
  } catch (thrown) {
    if (errorIdOf(thrown) === undefined) throw thrown
    return undefined
  }
}

/** All paths below a directory; those of directories end in `/`. */
export function allPaths(nodes: Nodes, inode: Inode = ROOT, path = '/'): string[] {
  return [...directoryAt(nodes, inode).visible].flatMap(([name, child]) => {
    if (nodes.get(child)?.kind !== 'directory') return [`${path}${name}`]
    const below = `${path}${name}/`
    return [below, ...allPaths(nodes, child, below)]
  })
}

function nodeOf(planted: Planted, nowMs: number): DiskNode {
  if (planted === 'directory') return syncedDirectory(new Map())
  if (planted instanceof Uint8Array) return syncedFile(planted.slice(), nowMs)
  return { kind: 'symlink', target: planted.symlink }
}

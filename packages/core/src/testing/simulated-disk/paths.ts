import { directoryAt, ROOT, type Inode, type Nodes } from './disk-image.ts'
import { systemError } from './system-error.ts'

/** Linux follows so many symbolic links in one path. */
const MAX_SYMLINKS = 40

/** Linux's limit on one name, in UTF-8. */
const MAX_NAME_BYTES = 255

/** Where a path leads: the last name, the directory it is looked up in, what it stands for. */
export interface Place {
  readonly directory: Inode
  /** Empty for the root, which has no name. */
  readonly name: string
  readonly inode: Inode | undefined
  /** The directories above it, from the root to `directory`. */
  readonly above: readonly Inode[]
}

/**
 * Walks a path as the kernel does: symbolic links are followed on the way, never at the end.
 *
 * Throws `ENOENT`, `ENOTDIR`, `ELOOP` or `ENAMETOOLONG`.
 */
export function locate(nodes: Nodes, path: string): Place {
  if (!path.startsWith('/')) throw new TypeError(`not an absolute path: ${path}`)
  const ahead = partsOf(path)
  // The directories walked through, so that `..` finds its way back.
  let trail: Inode[] = [ROOT]
  let followed = 0
  for (;;) {
    const name = ahead.shift()
    const directory = trail.at(-1) ?? ROOT
    if (name === undefined) return { directory, name: '', inode: directory, above: trail }
    if (name === '..') {
      if (trail.length > 1) trail.pop()
      continue
    }
    const inode = directoryAt(nodes, directory).visible.get(name)
    if (ahead.length === 0) return { directory, name, inode, above: trail }
    const node = inode === undefined ? undefined : nodes.get(inode)
    if (inode === undefined || node === undefined) throw systemError('ENOENT')
    if (node.kind === 'file') throw systemError('ENOTDIR')
    if (node.kind === 'directory') {
      trail.push(inode)
      continue
    }
    followed += 1
    if (followed > MAX_SYMLINKS) throw systemError('ELOOP')
    if (node.target.startsWith('/')) trail = [ROOT]
    ahead.unshift(...partsOf(node.target))
  }
}

/** Where an existing name leads; `ENOENT` when there is none. */
export function locateExisting(nodes: Nodes, path: string): Place & { readonly inode: Inode } {
  const place = locate(nodes, path)
  if (place.inode === undefined) throw systemError('ENOENT')
  return { ...place, inode: place.inode }
}

function partsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.some(isTooLong)) throw systemError('ENAMETOOLONG')
  return parts
}

function isTooLong(name: string): boolean {
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (name.length * 3 <= MAX_NAME_BYTES) return false
  return new TextEncoder().encode(name).length > MAX_NAME_BYTES
}

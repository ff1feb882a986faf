import { isSegment } from '../blob/blob-key.ts'
import type { BlobInfo, ListOptions } from '../blob/blob-store.ts'
import type { DirectoryEntry, FileSystem } from './file-system.ts'
import { headFile, isAbsence } from './read-file.ts'

/**
 * The files below a directory as blobs, in byte order of their keys. Temporary files, symbolic
 * links and names that are no keys are passed over: they are not ours.
 */
export async function* listFiles(
  fs: FileSystem,
  directory: string,
  options: ListOptions,
  keyPrefix = '',
): AsyncGenerator<BlobInfo, void> {
  const wanted = options.prefix ?? ''
  const after = options.startAfter ?? ''
  for (const child of await children(fs, directory)) {
    const key = keyPrefix + child
    const isDirectory = child.endsWith('/')
    const inPrefix = key.startsWith(wanted) || (isDirectory && wanted.startsWith(key))
    const isPast = key > after || (isDirectory && after.startsWith(key))
    if (!inPrefix || !isPast) continue
    const path = `${directory}/${child}`
    if (isDirectory) yield* listFiles(fs, path.slice(0, -1), options, key)
    else {
      const info = await headFile(fs, path, key)
      if (info !== undefined) yield info
    }
  }
}

/** The names in a directory, directories with a `/`, which makes plain order the order of keys. */
async function children(fs: FileSystem, directory: string): Promise<string[]> {
  try {
    return (await fs.list(directory)).flatMap(childOf).sort()
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

function childOf({ name, kind }: DirectoryEntry): string[] {
  if (!isSegment(name)) return []
  if (kind === 'directory') return [`${name}/`]
  return kind === 'file' ? [name] : []
}

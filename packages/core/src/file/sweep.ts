import type { SweepOptions, SweepReport } from '../blob/blob-store.ts'
import { isSegment } from '../blob/blob-key.ts'
import type { FileSystem } from './file-system.ts'
import { isAbsence, removeFile } from './read-file.ts'

/** How temporary names begin: no key does, and no reader looks at them. */
export const TEMPORARY = '.tmp-'

/** A put that takes longer than this is taken to have died; if it had not, it fails, harmlessly. */
const OLDER_THAN_MS = 3_600_000

/** Deletes temporary files that crashed puts left behind, in all directories of a store. */
export async function sweepTemporaries(
  fs: FileSystem,
  root: string,
  { olderThanMs = OLDER_THAN_MS, now = Date.now }: SweepOptions,
): Promise<SweepReport> {
  const before = now() - olderThanMs
  const directories = [root]
  let deleted = 0
  for (let path = directories.pop(); path !== undefined; path = directories.pop()) {
    for (const { name, kind } of await fs.list(path)) {
      if (kind === 'directory' && isSegment(name)) directories.push(`${path}/${name}`)
      if (kind !== 'file' || !name.startsWith(TEMPORARY)) continue
      if (!(await isOld(fs, `${path}/${name}`, before))) continue
      await removeFile(fs, `${path}/${name}`)
      deleted += 1
    }
  }
  return { deleted }
}

async function isOld(fs: FileSystem, path: string, before: number): Promise<boolean> {
  try {
    return (await fs.stat(path)).modifiedMs <= before
  } catch (error) {
    if (isAbsence(error)) return false
    throw error
  }
}

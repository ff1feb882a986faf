import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** A file of the page, in memory. */
export interface StaticFile {
  readonly type: string
  readonly body: Uint8Array
}

/**
 * Reads the built page once: a table from the address of each file to its bytes. No request ever
 * comes near the file system, so none can ask for a file that is not of the page.
 */
export async function readPage(directory: string): Promise<ReadonlyMap<string, StaticFile>> {
  const files = new Map<string, StaticFile>()
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const type = TYPES.get(extname(entry.name))
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const address = path.slice(directory.length).replaceAll('\\', '/').replace(/^\/*/u, '/')
    files.set(address === '/index.html' ? '/' : address, { type, body: await readFile(path) })
  }
  return files
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
])

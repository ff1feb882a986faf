import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { run } from './run.ts'

/**
 * Downloads Debian packages and unpacks them into the cache, without installing anything and
 * without root. Gives the folder that stands for `/`. Done once for each list of packages.
 */
export async function unpackDebian(name: string, packages: readonly string[]): Promise<string> {
  const root = join(cacheFolder(), name)
  if (existsSync(root)) return root
  await mkdir(cacheFolder(), { recursive: true })
  const work = await mkdtemp(join(cacheFolder(), `${name}-`))
  try {
    await download(packages, work)
    for (const file of await readdir(work)) {
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(work, file), join(work, 'root')])
    }
    await rename(join(work, 'root'), root)
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(root)) throw error
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return root
}

async function download(packages: readonly string[], folder: string): Promise<void> {
  try {
    await run('apt-get', ['download', ...packages], { cwd: folder })
  } catch {
    // A fresh machine has no lists yet, or old ones. Only root may renew them.
    await run('apt-get', ['update'])
    await run('apt-get', ['download', ...packages], { cwd: folder })
  }
}

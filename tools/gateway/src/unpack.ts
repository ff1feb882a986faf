import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { locked } from './lock.ts'
import { run } from './run.ts'
import { Unavailable } from './unavailable.ts'

/** A server as Debian packages it. */
export interface Packaged {
  /** The package whose version is the server's; it names the folder in the cache too. */
  readonly name: string
  /** What is needed beside it. What these depend on and the system lacks comes along. */
  readonly beside: readonly string[]
  /** What is not needed, though something depends on it. */
  readonly without?: RegExp
}

/** An unpacked server: nothing of it is installed. */
export interface Unpacked {
  readonly root: string
  readonly version: string
}

/** Where downloads are kept between runs: `TIDEMARK_CACHE`, else the user's cache folder. */
export function cacheDirectory(): string {
  const { TIDEMARK_CACHE: own, XDG_CACHE_HOME: shared } = process.env
  return own ?? join(shared ?? join(homedir(), '.cache'), 'tidemark')
}

/**
 * A server's files, unpacked into the cache: downloaded the first time, found there afterwards.
 * Needs a Debian-like system, but neither root nor any installation.
 */
export async function unpack(server: Packaged): Promise<Unpacked> {
  const home = join(cacheDirectory(), server.name, `${await codename()}-${process.arch}`)
  return (
    (await newest(home)) ??
    locked(join(home, 'lock'), async () => (await newest(home)) ?? download(server, home))
  )
}

async function codename(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const name = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]
  if (name === undefined) throw new Unavailable('this system is not Debian-like')
  return name
}

/** The newest complete version in the cache: a folder gets its name only once it is whole. */
async function newest(home: string): Promise<Unpacked | undefined> {
  const names = await readdir(home).catch(() => [])
  const versions = names.filter((name) => /^[0-9][^/]*$/.test(name)).sort()
  const version = versions.at(-1)
  return version === undefined ? undefined : { root: join(home, version), version }
}

async function download(server: Packaged, home: string): Promise<Unpacked> {
  const work = join(home, `work-${process.pid}`)
  const [debs, lists, root] = [join(work, 'debs'), join(work, 'lists'), join(work, 'root')]
  try {
    for (const folder of [debs, join(lists, 'partial'), root]) {
      await mkdir(folder, { recursive: true })
    }
    const names = await packageNames(server, lists)
    await run('apt-get', [...ownState(lists), 'download', ...names], { cwd: debs })
    const files = await readdir(debs)
    for (const file of files) await run('dpkg', ['-x', join(debs, file), root])
    const version = versionOf(server.name, files)
    await writeFile(join(root, 'packages.txt'), files.sort().join('\n'))
    const place = join(home, version)
    // Somebody else may have been faster; what is there is as good.
    await rename(root, place).catch(async (error: unknown) => {
      if ((await newest(home)) === undefined) throw error
    })
    return { root: place, version }
  } catch (error) {
    throw new Unavailable(`the packages of ${server.name} could not be had`, { cause: error })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Package lists of our own, so that no root is needed and nothing of the system's is touched. */
function ownState(lists: string): string[] {
  const sandbox = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : []
  return ['-q', '-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${lists}`, ...sandbox]
}

async function packageNames(server: Packaged, lists: string): Promise<string[]> {
  const { name, beside, without } = server
  await run('apt-get', [...ownState(lists), 'update'])
  const plan = await run('apt-get', [
    ...ownState(lists),
    'install',
    '--simulate',
    '--no-install-recommends',
    '--reinstall',
    name,
    ...beside,
  ])
  const names = plan.split('\n').flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? [])
  return without === undefined ? names : names.filter((each) => !without.test(each))
}

function versionOf(name: string, files: readonly string[]): string {
  const file = files.find((each) => each.startsWith(`${name}_`))
  const version = file?.split('_')[1]
  if (version === undefined) throw new Error(`no package ${name} among the downloads`)
  return decodeURIComponent(version)
}

import { randomBytes } from 'node:crypto'
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { debianLibraries } from './configuration.ts'
import { startDaemon, type Daemon } from './daemon.ts'
import { freePort } from './free-port.ts'
import { run } from './run.ts'
import type { Gateway } from './start-gateway.ts'
import { swiftFiles, type SwiftPlan } from './swift-configuration.ts'
import { Unavailable } from './unavailable.ts'
import { unpack, type Packaged, type Unpacked } from './unpack.ts'
import { answers, until } from './until.ts'

/** All servers of Swift, and the cache that its proxy asks for: some 8 MB. */
const PACKAGES: Packaged = { name: 'python3-swift', beside: ['memcached'] }

/** The system's own Python: the one that Debian builds its modules for. */
const PYTHON = '/usr/bin/python3'

const SERVERS = ['account', 'container', 'object', 'proxy'] as const

/**
 * Starts an OpenStack Swift with its S3 interface: the real server that has no conditional writes.
 * Its objects are in memory; everything ends with this process. Throws {@link Unavailable} where
 * its packages cannot be had.
 */
export async function startSwift(): Promise<Gateway> {
  await access(PYTHON).catch((cause: unknown) => {
    throw new Unavailable(`there is no ${PYTHON}`, { cause })
  })
  const unpacked = await unpack(PACKAGES)
  const directory = await mkdtemp(join(tmpdir(), 'tidemark-swift-'))
  const running: Daemon[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((daemon) => daemon.stop()))
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const plan = await planFor(directory)
    await bringUp(unpacked, plan, running)
    return {
      endpoint: `http://127.0.0.1:${plan.ports.proxy}`,
      accessKeyId: `${plan.project}:user`,
      secretAccessKey: plan.key,
      version: unpacked.version,
      stop,
    }
  } catch (error) {
    const log = await readFile(join(directory, 'log'), 'utf8').catch(() => '')
    await stop()
    throw new Error(`Swift did not start: ${log.slice(-2000)}`, { cause: error })
  }
}

async function planFor(directory: string): Promise<SwiftPlan> {
  const ports = {
    account: await freePort(),
    container: await freePort(),
    object: await freePort(),
    proxy: await freePort(),
    memcached: await freePort(),
  }
  const key = randomBytes(20).toString('hex')
  return { directory, user: userInfo().username, project: 'tidemark', key, ports }
}

async function bringUp({ root }: Unpacked, plan: SwiftPlan, running: Daemon[]): Promise<void> {
  const { directory, user, ports } = plan
  const at = (name: string): string => join(directory, name)
  const env = {
    PATH: '/usr/bin:/bin',
    LD_LIBRARY_PATH: debianLibraries(root),
    PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'),
    LC_ALL: 'C.UTF-8',
  }
  await mkdir(at('devices/one'), { recursive: true })
  for (const [name, text] of Object.entries(swiftFiles(plan))) await writeFile(at(name), text)
  await run(PYTHON, [at('rings.py')], { env })
  const listen = ['-l', '127.0.0.1', '-p', `${ports.memcached}`, '-U', '0', '-u', user]
  running.push(startDaemon(join(root, 'usr/bin/memcached'), listen, env, at('log')))
  for (const name of SERVERS) {
    running.push(startDaemon(PYTHON, [at('serve.py'), name], env, at('log')))
  }
  for (const name of SERVERS) await until(running, () => answers(ports[name]))
}

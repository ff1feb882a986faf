import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { configuration, libraryPath, type Plan } from './configuration.ts'
import { startDaemon, type Daemon } from './daemon.ts'
import { freePort } from './free-port.ts'
import { run } from './run.ts'
import { unpack, type Packaged, type Unpacked } from './unpack.ts'
import { answers, until } from './until.ts'

/** The daemons of a one-node cluster, and what makes their keys and maps: some 60 MB. */
const PACKAGES: Packaged = {
  name: 'radosgw',
  beside: ['ceph-mon', 'ceph-osd', 'ceph-common'],
  // The command-line tool in Python and its libraries.
  without: /^python3-/,
}

/** A free port may be taken before it is used: then the next try has another. */
const TRIES = 3

/** A running gateway with one user. Everything it stores is in memory and ends with it. */
export interface Gateway {
  /** Its address on loopback, `http://127.0.0.1:…`. */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** The version of the Debian package. */
  readonly version: string
  readonly stop: () => Promise<void>
}

/**
 * Starts a Ceph RADOS Gateway of its own: private ports, a private directory, gone with this
 * process. Throws {@link Unavailable} where its packages cannot be had.
 *
 * @example
 * import { startGateway } from '@tidemark/gateway'
 *
 * const gateway = await startGateway()
 * gateway.endpoint // => 'http://127.0.0.1:40123'
 * await gateway.stop()
 */
export async function startGateway(): Promise<Gateway> {
  const unpacked = await unpack(PACKAGES)
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(unpacked)
    } catch (error) {
      if (attempt === TRIES) throw error
    }
  }
}

async function start({ root, version }: Unpacked): Promise<Gateway> {
  const directory = await mkdtemp(join(tmpdir(), 'tidemark-gateway-'))
  const plan: Plan = {
    root,
    directory,
    cluster: randomUUID(),
    monitorPort: await freePort(),
    port: await freePort(),
  }
  const running: Daemon[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((daemon) => daemon.stop()))
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const user = await bringUp(plan, running)
    return { endpoint: `http://127.0.0.1:${plan.port}`, version, ...user, stop }
  } catch (error) {
    const log = await logged(join(directory, 'log/client.admin.log'))
    await stop()
    throw new Error(`the gateway did not start: ${log.slice(-2000)}`, { cause: error })
  }
}

async function bringUp(plan: Plan, running: Daemon[]): Promise<User> {
  const { root, directory, monitorPort, port } = plan
  const bin = join(root, 'usr/bin')
  const env = {
    PATH: [bin, process.env['PATH'] ?? '/usr/bin:/bin'].join(delimiter),
    LD_LIBRARY_PATH: libraryPath(root),
    LC_ALL: 'C',
  }
  const at = (name: string): string => join(directory, name)
  const call = (tool: string, ...args: string[]): Promise<string> =>
    run(join(bin, tool), args, { env })
  const daemon = (tool: string, ...args: string[]): void => {
    running.push(startDaemon(join(bin, tool), ['-f', '-c', at('ceph.conf'), ...args], env))
  }

  for (const folder of ['mon', 'osd', 'run', 'log', 'rgw']) await mkdir(at(folder))
  await writeFile(at('ceph.conf'), configuration(plan))
  await call('ceph-authtool', '--create-keyring', at('keyring'), ...key('mon.', 'mon'))
  await call('ceph-authtool', at('keyring'), ...key('client.admin', 'mon', 'osd'))
  const address = `[v2:127.0.0.1:${monitorPort}]`
  await call('monmaptool', '--create', '--fsid', plan.cluster, '--addv', 'a', address, at('monmap'))
  // A map that has the one store already, so that no running monitor need be asked to add it.
  await call('osdmaptool', '--createsimple', '1', at('osdmap'))
  const maps = ['--monmap', at('monmap'), '--osdmap', at('osdmap'), '--keyring', at('keyring')]
  await call('ceph-mon', '-c', at('ceph.conf'), '--mkfs', '-i', 'a', ...maps)
  daemon('ceph-mon', '-i', 'a', '--public-addr', `127.0.0.1:${monitorPort}`)
  await call('ceph-osd', '-c', at('ceph.conf'), '-i', '0', '--mkfs', '--osd-uuid', randomUUID())
  daemon('ceph-osd', '-i', '0')
  // Whoever asks a store that is not up yet waits five seconds before asking again.
  await until(running, async () => (await logged(at('log/osd.0.log'))).includes('-> active'))
  const user = await createUser((...args) => call('radosgw-admin', '-c', at('ceph.conf'), ...args))
  daemon('radosgw', '-n', 'client.admin')
  await until(running, () => answers(port))
  return user
}

function key(name: string, ...capabilities: string[]): string[] {
  return ['--gen-key', '-n', name, ...capabilities.flatMap((to) => ['--cap', to, 'allow *'])]
}

interface User {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

async function createUser(admin: (...args: string[]) => Promise<string>): Promise<User> {
  const user = {
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(20).toString('hex'),
  }
  await admin(
    'user',
    'create',
    '--uid=tidemark',
    '--display-name=tidemark',
    `--access-key=${user.accessKeyId}`,
    `--secret-key=${user.secretAccessKey}`,
  )
  return user
}

async function logged(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}

/** What one Swift needs to know before it starts. */
export interface SwiftPlan {
  readonly directory: string
  /** Whom the servers run as: they change to a user of their own otherwise. */
  readonly user: string
  readonly project: string
  readonly key: string
  readonly ports: Readonly<Record<SwiftServer | 'memcached', number>>
}

/** The servers of Swift itself. */
export type SwiftServer = 'account' | 'container' | 'object' | 'proxy'

/** What holds data, one device each. The objects are in memory and end with the server. */
const APPS = { account: 'account', container: 'container', object: 'mem_object' } as const

/** In the order of Debian's own proxy: what an S3 request passes on its way to Swift. */
const PIPELINE = ['catch_errors', 'cache', 'listing_formats', 'bulk', 's3api', 'tempauth']
const BEHIND = ['copy', 'slo', 'dlo']

/** The files of one Swift, on loopback alone: one replica, one process for each server. */
export function swiftFiles(plan: SwiftPlan): Readonly<Record<string, string>> {
  const { directory, user, ports } = plan
  const common = (name: SwiftServer): string => `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${ports[name]}
workers = 0
user = ${user}
swift_dir = ${directory}
devices = ${directory}/devices
mount_check = false
fallocate_reserve = 0
`
  const storage = (name: keyof typeof APPS): string => `${common(name)}
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${APPS[name]}
`
  return {
    'swift.conf': SWIFT,
    'rings.py': rings(plan),
    'serve.py': SERVE,
    'account.conf': storage('account'),
    'container.conf': storage('container'),
    'object.conf': storage('object'),
    'proxy.conf': common('proxy') + proxy(plan),
  }
}

const SWIFT = `[swift-hash]
swift_hash_path_suffix = tidemark
[storage-policy:0]
name = memory
default = yes
`

function proxy({ project, key, ports }: SwiftPlan): string {
  const filters = [...PIPELINE, ...BEHIND].map((name) => {
    const use = `[filter:${name}]\nuse = egg:swift#${name === 'cache' ? 'memcache' : name}\n`
    if (name === 'cache') return `${use}memcache_servers = 127.0.0.1:${ports.memcached}\n`
    return name === 'tempauth' ? `${use}user_${project}_user = ${key} .admin\n` : use
  })
  return `
[pipeline:main]
pipeline = ${[...PIPELINE, ...BEHIND].join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
${filters.join('')}`
}

/** Where everything is kept: one device of each kind, and every name on it. */
function rings({ directory, ports }: SwiftPlan): string {
  const kinds = Object.keys(APPS).map((name) => `'${name}'`)
  return `from swift.common.ring import RingBuilder
ports = ${JSON.stringify(ports)}
for kind in [${kinds.join(', ')}]:
    builder = RingBuilder(0, 1, 0)
    builder.add_dev(dict(id=0, region=1, zone=1, weight=1.0, device='one',
                         ip='127.0.0.1', port=ports[kind]))
    builder.rebalance()
    builder.get_ring().save('${directory}/%s.ring.gz' % kind)
`
}

/** What Debian's programs of the same names do, but from any directory. */
const SERVE = `import os, sys
from swift.common.utils import set_swift_dir
here = os.path.dirname(os.path.abspath(__file__))
set_swift_dir(here)
from swift.common.wsgi import run_wsgi
sys.exit(run_wsgi('%s/%s.conf' % (here, sys.argv[1]), sys.argv[1] + '-server'))
`

import { join } from 'node:path'

/** What one gateway needs to know before it starts. */
export interface Plan {
  readonly root: string
  readonly directory: string
  readonly cluster: string
  readonly monitorPort: number
  readonly port: number
}

/** Where the loader finds the libraries of an unpacked tree. */
export function libraryPath(root: string): string {
  const libraries = debianLibraries(root)
  const base = libraries.slice(root.length).replace('/usr/lib/', '/lib/')
  return [libraries, join(libraries, 'ceph'), root + base].join(':')
}

/**
 * One monitor, one store in memory and one gateway, on loopback alone, without authentication
 * among themselves. Replies are not delayed for the sake of batching.
 */
export function configuration({ root, directory, cluster, monitorPort, port }: Plan): string {
  const libraries = debianLibraries(root)
  return `[global]
fsid = ${cluster}
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
mon host = [v2:127.0.0.1:${monitorPort}/0]
ms bind msgr1 = false
public addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
osd crush chooseleaf type = 0
paxos propose interval = 0.02
paxos min wait = 0.01
osd objectstore = memstore
memstore device bytes = 17179869184
osd class load list = *
osd class default list = *
plugin dir = ${libraries}/ceph
erasure code dir = ${libraries}/ceph/erasure-code
osd class dir = ${libraries}/rados-classes
mon data = ${directory}/mon
mon data avail crit = 1
mon cluster log file = ${directory}/log/cluster.log
osd data = ${directory}/osd
run dir = ${directory}/run
log file = ${directory}/log/$name.log
pid file = ${directory}/run/$name.pid
keyring = ${directory}/keyring
admin socket =
[client.admin]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw data = ${directory}/rgw
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
`
}

/** Where Debian keeps the libraries of this machine's kind, in an unpacked tree. */
export function debianLibraries(root: string): string {
  const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  return join(root, 'usr/lib', triplet)
}

// A real file system in an image that is mounted by a loop device, and the cutting of its power.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a script ends with that could do nothing here, and said why. */
const SKIPPED = 77

/** Ends the process with its reason where images cannot be mounted or shut down. */
export function needLoopDisks(what) {
  const missing = whatIsMissing()
  if (missing === undefined) return
  process.stderr.write(`SKIPPED ${what}: ${missing}\n`)
  process.exit(SKIPPED)
}

/** A directory for images: in memory where there is such a place, for speed. */
export function workshop() {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tidemark-disk-'))
}

/** The kinds of file systems that can be made here. */
export function fileSystemKinds() {
  return ['ext4', 'xfs'].filter((kind) => has(`mkfs.${kind}`))
}

/** Makes a new file system in a sparse image. */
export function makeImage(kind, image) {
  run('rm', '-f', image)
  // The smallest that xfs makes.
  run('truncate', '-s', kind === 'xfs' ? '320M' : '96M', image)
  run(`mkfs.${kind}`, '-q', image)
}

export function mount(kind, image, directory) {
  run('mount', '-t', kind, '-o', kind === 'xfs' ? 'loop,nouuid' : 'loop', image, directory)
}

/** Unmounts as soon as the last file of a process that has ended is closed. */
export async function unmount(directory) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (spawnSync('umount', [directory], { stdio: 'ignore' }).status === 0) return
    await sleep(20)
  }
  throw new Error(`${directory} stays busy`)
}

/** Cuts the power: 1 writes the journal of names first, 2 drops it too (FS_IOC_SHUTDOWN). */
export function cutPower(directory, flag) {
  const code = [
    'import fcntl, os, struct, sys',
    'fd = os.open(sys.argv[1], os.O_RDONLY)',
    'fcntl.ioctl(fd, 0x8004587d, struct.pack("I", int(sys.argv[2])))',
  ]
  run('python3', '-c', code.join('\n'), directory, String(flag))
}

export function run(command, ...args) {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function has(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0
}

function whatIsMissing() {
  if (process.platform !== 'linux') return `it takes Linux, this is ${process.platform}`
  if (process.getuid() !== 0) return 'mounting an image takes root'
  if (!existsSync('/dev/loop-control')) return 'there are no loop devices'
  const tools = ['mount', 'umount', 'truncate', 'python3', 'mkfs.ext4'].filter((tool) => !has(tool))
  return tools.length === 0 ? undefined : `there is no ${tools.join(', ')}`
}

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Why system calls cannot be watched here; `undefined` when they can. */
export function whyNoStrace(): string | undefined {
  if (process.platform !== 'linux') return `strace is of Linux, this is ${process.platform}`
  const tried = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' })
  if (tried.error !== undefined) return `strace cannot be run: ${tried.error.message}`
  return tried.status === 0 ? undefined : `strace may not trace here: ${tried.stderr.trim()}`
}

/** What the child said about its three calls. */
export interface Said {
  readonly outcomes: readonly Outcome[]
  /** Files it held open at the end, and not at the start. */
  readonly leaked: number
}

/** How one call of the child ended. */
export interface Outcome {
  readonly code: string
  readonly message?: string
  readonly details?: { readonly reason?: string; readonly system?: string }
}

/** Runs the child in a directory with strace attached once its storage is open. */
export async function traceCommits(
  directory: string,
  log: string,
  inject: readonly string[] = [],
): Promise<Said> {
  const script = fileURLToPath(new URL('../syscalls-child.mjs', import.meta.url))
  // One thread for all calls that wait: strace counts calls by thread.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' }
  const child = spawn(process.execPath, [script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close')
  while (!said.startsWith('ready')) {
    if (child.exitCode !== null) throw new Error(`the child ended: ${said}`)
    await Promise.race([once(child.stdout, 'data'), ended])
  }
  const watch = ['-f', '-y', '-e', 'trace=%file,%desc', ...inject.flatMap((one) => ['-e', one])]
  const strace = spawn('strace', [...watch, '-o', log, '-p', `${child.pid}`], { stdio: 'ignore' })
  const detached = once(strace, 'close')
  await attached(child.pid)
  child.stdin.end('\n')
  await ended
  await detached
  return parse(said.slice('ready\n'.length))
}

async function attached(pid: number | undefined): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 5) {
    if (pid === undefined || !existsSync(`/proc/${pid}/status`)) return
    if (threads(pid).every((status) => !/^TracerPid:\t0$/m.test(status))) return
    await sleep(5)
  }
  throw new Error('strace did not attach in 10 s')
}

function threads(pid: number): string[] {
  const listed = spawnSync('ls', [`/proc/${pid}/task`], { encoding: 'utf8' }).stdout
  return listed
    .trim()
    .split('\n')
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))
}

function parse(text: string): Said {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own child wrote it
  return JSON.parse(text) as Said
}

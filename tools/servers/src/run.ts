import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** Whom to run a program as, and with what around it. */
export interface RunOptions {
  readonly uid?: number
  readonly gid?: number
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
}

/** Runs a program to its end and gives what it printed. */
export function run(
  program: string,
  args: readonly string[],
  { input, ...options }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 300_000 }
    const child = execFile(program, args, { ...limits, ...options }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${program} failed: ${stderr.slice(-2000)}`, { cause: error }))
    })
    child.stdin?.end(input)
  })
}

/** A program that runs until it is killed; it never outlives this process. */
export interface Daemon {
  readonly hasExited: () => boolean
  readonly kill: () => Promise<void>
}

/** Starts a daemon whose output goes to a file. */
export function startDaemon(
  program: string,
  args: readonly string[],
  logFile: string,
  options: RunOptions = {},
): Daemon {
  const log = openSync(logFile, 'a')
  const child = spawn(program, args, { ...options, stdio: ['ignore', log, log] })
  closeSync(log)
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      process.removeListener('exit', onExit)
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  return {
    hasExited: () => hasExited(child),
    kill: async () => {
      if (!hasExited(child)) child.kill('SIGKILL')
      await exited
    },
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}

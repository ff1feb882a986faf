import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** A program that runs until it is stopped, or until this process is gone. */
export interface Daemon {
  /** Whether it is still running. */
  readonly alive: () => boolean
  readonly stop: () => Promise<void>
}

/**
 * Starts a program that must not outlive this process: `setpriv` has the kernel kill it when its
 * parent dies, however that dies. What it prints goes to `logFile`, if one is named.
 */
export function startDaemon(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  logFile?: string,
): Daemon {
  const log = logFile === undefined ? undefined : openSync(logFile, 'a')
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
    env,
    stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'],
  })
  if (log !== undefined) closeSync(log)
  child.on('error', () => undefined)
  const alive = (): boolean =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null
  return { alive, stop: () => stop(child, alive) }
}

/** A polite end takes these daemons six seconds; what they hold is thrown away anyway. */
function stop(child: ChildProcess, alive: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (!alive()) {
      resolve()
      return
    }
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

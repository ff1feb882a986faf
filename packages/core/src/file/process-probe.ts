import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { ProcessProbe } from '../lease/owner.ts'

/**
 * The processes of this machine, as Node sees them. On Linux a process is its boot, number and
 * start, so a number that was given out again is not mistaken for its first holder.
 */
export const nodeProcessProbe: ProcessProbe = {
  label: `${hostname()}:${process.pid}`,
  process: processName(process.pid),
  isGone: (name) => {
    const [host, boot, pid, start] = name.split('|')
    if (host !== hostname() || boot !== bootId() || pid === undefined) return false
    const number = Number(pid)
    if (!Number.isSafeInteger(number) || number <= 0) return false
    const now = startOf(number)
    if (now !== undefined && start !== '') return now !== start
    return !answers(number)
  },
}

function processName(pid: number): string {
  return [hostname(), bootId(), pid, startOf(pid) ?? ''].join('|')
}

/** Differs after every boot; empty where the platform does not say. */
function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

/** When a process started, in ticks since boot: field 22, after the name in parentheses. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

/** Whether a process of this number exists; not allowed to signal it means that it does. */
function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

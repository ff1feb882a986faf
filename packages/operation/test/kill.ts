import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('kill-child.mjs', import.meta.url))

/** What a script that was killed again and again came to. */
export interface KillReport {
  readonly kills: number
  readonly result: string
  /** The idempotency keys of each step, in the order of the executions. */
  readonly effects: ReadonlyMap<number, readonly string[]>
}

/** When a script is killed: so many steps after it took the lease, and a while later. */
interface Kill {
  readonly afterSteps: number
  readonly delayMs: number
}

/** Longer than a step lasts: a kill may come in its effect, before its record, in it, after it. */
const MAX_DELAY_MS = 3

/** Runs a script of steps, killing it at random until it was killed so often, then to its end. */
export async function runKilled(
  dir: string,
  options: { readonly steps: number; readonly kills: number; readonly random: () => number },
): Promise<KillReport> {
  const effects = join(dir, 'effects')
  const { steps, random } = options
  let kills = 0
  let done = 0
  for (;;) {
    // The steps that are left are spread over the kills that are left.
    const share = (2 * (steps - done)) / (options.kills - kills + 1)
    const kill = {
      afterSteps: Math.floor(random() * Math.max(0, share - 1)),
      delayMs: random() * MAX_DELAY_MS,
    }
    const args = [join(dir, 'store'), effects, String(steps)]
    const output = await runOnce(args, kills < options.kills ? kill : undefined)
    done = existsSync(effects) ? read(effects).size : 0
    const result = /result (\d+)/.exec(output)?.[1]
    if (result !== undefined) return { kills, result, effects: read(effects) }
    if (kills >= options.kills) throw new Error(`the last run ended without a result: ${output}`)
    kills += 1
  }
}

/** Runs the script alone; gives what it printed. */
export function runToEnd(dir: string, steps: number): Promise<string> {
  return runOnce([join(dir, 'store'), join(dir, 'effects'), String(steps)], undefined)
}

/** Runs the script, killing it if it is to be; gives what it printed. */
function runOnce(args: readonly string[], kill: Kill | undefined): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let isDue = false
    const heard = (chunk: unknown): void => {
      output += String(chunk)
      // The first line says that it has the lease, each other one that a step runs.
      if (kill === undefined || isDue || output.split('\n').length - 2 < kill.afterSteps) return
      isDue = true
      setTimeout(() => child.kill('SIGKILL'), kill.delayMs)
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    child.on('close', () => resolve(output))
  })
}

function read(file: string): Map<number, string[]> {
  const effects = new Map<number, string[]>()
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const [step = '', key = ''] = line.split(' ')
    effects.set(Number(step), [...(effects.get(Number(step)) ?? []), key])
  }
  return effects
}

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
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

/** Runs a script of steps, killing it at random until it was killed so often, then to its end. */
export async function runKilled(
  dir: string,
  options: { readonly steps: number; readonly kills: number; readonly random: () => number },
): Promise<KillReport> {
  const effects = join(dir, 'effects')
  let kills = 0
  for (;;) {
    const delayMs = kills < options.kills ? options.random() ** 2 * 120 : undefined
    const output = await runOnce([join(dir, 'store'), effects, String(options.steps)], delayMs)
    const result = /result (\d+)/.exec(output)?.[1]
    if (result !== undefined) return { kills, result, effects: read(effects) }
    if (delayMs === undefined) throw new Error(`the last run ended without a result: ${output}`)
    kills += 1
  }
}

/** Runs the script, killing it so long after it took the lease; gives what it printed. */
function runOnce(args: readonly string[], delayMs: number | undefined): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const heard = (chunk: unknown): void => {
      if (output === '' && delayMs !== undefined) setTimeout(() => child.kill('SIGKILL'), delayMs)
      output += String(chunk)
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

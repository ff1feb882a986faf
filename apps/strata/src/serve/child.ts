import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A command of Strata in a process of its own. */
export interface ChildOptions {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Hears each event: a line of JSON on standard error. */
  readonly onEvent: (event: unknown) => void
}

/** How it ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The one line of JSON that it wrote; `undefined` when it did not come to that. */
  readonly result: unknown
}

/** A process that runs. */
export interface Child {
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<ChildEnd>
}

/** Nothing that it writes is as long; more means that something is wrong. */
const MAX_OUTPUT_LENGTH = 16 * 1024 * 1024

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** Starts a command: a process that can be killed without hurting the server. */
export function startChild({ args, environment, onEvent }: ChildOptions): Child {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C is for the server, which then lets it save its place.
    detached: true,
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output.length < MAX_OUTPUT_LENGTH) output += text
  })
  createInterface({ input: child.stderr }).on('line', (line) => onEvent(parse(line)))
  const ended = once(child, 'close').then(
    () => ({ code: child.exitCode, signal: child.signalCode, result: parse(output) }),
    () => ({ code: null, signal: null, result: undefined }),
  )
  return { kill: (signal) => void child.kill(signal), ended }
}

function parse(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json)
    return value
  } catch {
    return undefined
  }
}

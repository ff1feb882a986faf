import { spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { main } from '../../src/main.ts'
import { CLEAN } from './git.ts'

/** The built command: what a user runs. */
export const CLI: string = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** How a run of the command ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** The lines of standard output. */
  readonly lines: readonly string[]
}

/** A running command. */
export interface Running {
  /** Whether there was still something to send it to. */
  readonly kill: (signal: NodeJS.Signals) => boolean
  /** Hears each line of standard error as it comes. */
  readonly onLine: (listener: (line: string) => void) => void
  readonly ended: Promise<Ended>
  /** The first line of standard output, from `serve --json`. */
  readonly firstLine: () => Promise<{ readonly url: string; readonly token: string }>
}

/** Starts `strata`. */
export function start(args: readonly string[], options: SpawnOptions = {}): Running {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: CLEAN,
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const listeners: ((line: string) => void)[] = []
  let [stdout, stderr, partial] = ['', '', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    const lines = (partial + text).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) for (const listener of listeners) listener(line)
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr, lines: stdout.trimEnd().split('\n') })
    })
  })
  return {
    kill: (signal) => child.kill(signal),
    onLine: (listener) => void listeners.push(listener),
    ended,
    firstLine: async () => {
      while (!stdout.includes('\n')) await once(child.stdout, 'data')
      // oxlint-disable-next-line typescript/no-unsafe-return -- its fields are what the tests use
      return JSON.parse(stdout.split('\n')[0] ?? '')
    },
  }
}

/** Runs `strata` to its end. */
export function strata(args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return start(args, options).ended
}

/**
 * Runs `strata` to its end in this process: much faster, for tests that are not about processes.
 */
export async function inProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = CLEAN,
): Promise<Ended> {
  let [stdout, stderr] = ['', '']
  const quiet = { isTerminal: false, columns: undefined }
  const code = await main(args, {
    directory: process.cwd(),
    environment,
    out: { ...quiet, write: (text) => void (stdout += text) },
    err: { ...quiet, write: (text) => void (stderr += text) },
    signal: new AbortController().signal,
    now: () => performance.now(),
    date: () => new Date(),
  })
  return { code, signal: null, stdout, stderr, lines: stdout.trimEnd().split('\n') }
}

/** What `--json` wrote. */
export interface JsonResult {
  readonly strata: number
  readonly commit: string | null
  readonly position: number
  readonly total: number
  readonly finished: boolean
  readonly resumedFrom: number
  readonly commitsRead: number
  readonly shallow: boolean
  readonly startedAgain: string | null
  readonly checkpointsSkipped: readonly { readonly epoch: number | null; readonly reason: string }[]
  readonly lines: number
  readonly files: number
  readonly binaryFiles: number
  readonly coChanges: readonly {
    readonly paths: readonly string[]
    readonly support: number
    readonly confidence: number
  }[]
  readonly ownership: readonly {
    readonly directory: string
    readonly lines: number
    readonly authors: readonly {
      readonly name: string
      readonly email: string
      readonly lines: number
      readonly share: number
    }[]
  }[]
  readonly root?: string
  readonly digest: string
  readonly error?: { readonly code: string; readonly message: string; readonly details?: object }
}

/** The JSON of a run that wrote some. */
export function jsonIn(ended: Ended): JsonResult {
  // oxlint-disable-next-line typescript/no-unsafe-return -- its fields are what the tests look at
  return JSON.parse(ended.stdout)
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  coreError,
  err,
  errorFromJson,
  ok,
  type AsyncResult,
  type CheckpointError,
} from '@tidemark/core'

/** A real `strata run`, as a process of its own. */
export interface ProcessOptions {
  readonly path: string
  readonly store: string
  readonly every: number
  readonly environment: Readonly<Record<string, string | undefined>>
  /** SIGKILL as soon as it says that it has read so many commits. Default: never. */
  readonly killAt?: number
  readonly onProgress?: (progress: ProcessProgress) => void
}

/** How far a process says it is. */
export interface ProcessProgress {
  readonly kind: 'started' | 'read'
  readonly position: number
  readonly total: number
}

/** How a process ended: by itself, or by the kill. */
export type ProcessEnd = Finished | Killed

/** It read to the end. */
export interface Finished {
  readonly kind: 'finished'
  readonly digest: string
  readonly resumedFrom: number
  readonly commitsRead: number
}

/** It was killed. */
export interface Killed {
  readonly kind: 'killed'
  /** The last commit that it was heard of at. */
  readonly position: number
}

const CLI = fileURLToPath(new URL('../cli.js', import.meta.url))

/**
 * Runs Strata in a process of its own, and kills it if asked to: no signal that it could handle,
 * no time to tidy up. Fails with what the process failed with.
 */
export async function runProcess(
  options: ProcessOptions,
): AsyncResult<ProcessEnd, CheckpointError> {
  const { path, store, every, killAt = Infinity, onProgress } = options
  const args = [CLI, 'run', path, '--json', '--store', store, '--every', String(every)]
  const child = spawn(process.execPath, args, {
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  let position = 0
  for await (const line of createInterface({ input: child.stderr })) {
    const progress = progressIn(line)
    if (progress === undefined) continue
    position = progress.position
    onProgress?.(progress)
    if (position >= killAt) child.kill('SIGKILL')
  }
  await closed
  return child.signalCode === 'SIGKILL' ? ok({ kind: 'killed', position }) : endIn(output)
}

function progressIn(line: string): ProcessProgress | undefined {
  const { kind, position, total } = parse(line)
  if (kind !== 'started' && kind !== 'read') return undefined
  if (typeof position !== 'number' || typeof total !== 'number') return undefined
  return { kind, position, total }
}

async function endIn(output: string): AsyncResult<Finished, CheckpointError> {
  const { digest, finished, resumedFrom, commitsRead, error } = parse(output)
  if (
    finished === true &&
    typeof digest === 'string' &&
    typeof resumedFrom === 'number' &&
    typeof commitsRead === 'number'
  ) {
    return ok({ kind: 'finished', digest, resumedFrom, commitsRead })
  }
  const message = 'strata ended without a result'
  return err(errorFromJson(error) ?? coreError('IO_FAILED', message, { operation: 'run' }))
}

function parse(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

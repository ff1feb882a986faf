import {
  coreError,
  encodeName,
  isTidemarkError,
  unwrap,
  type Clock,
  type Damage,
} from '@tidemark/core'
import type { EventSource } from '../events/event-source.ts'
import { MAX_NAME_BYTES, textError } from '../log/operation-key.ts'
import { operationError, type OperationError } from '../operation-errors.ts'
import type { StagedBodies } from '../log/staged-bodies.ts'
import type { RecordWriter } from '../owner/record-writer.ts'
import type { AttemptEntry } from '../record/record.ts'
import { decodeValue, encodeValue } from '../value/encode-value.ts'
import { validate } from '../value/validate.ts'
import { retryDelayMs } from './retry.ts'
import type { StepContext, StepFunction, StepOptions } from './run-context.ts'
import { textOf, type FoundResult, type StepId, type StepLedger } from './step-ledger.ts'
import type { Running } from './running.ts'
import { stepOptionError } from './step-option-error.ts'

/** An attempt that lasts so long is noted, so that it counts although the process dies in it. */
const NOTE_AFTER_MS = 50

/** More of the text of an error is not kept. */
const MAX_ERROR_TEXT = 500

/** What steps of one run share. */
export interface StepRun {
  readonly name: string
  readonly incarnation: string
  readonly ledger: StepLedger
  /** Where results are that are too large for a record. */
  readonly bodies: StagedBodies
  /** Whether a damaged result is told of and run again; otherwise it fails the run. */
  readonly onDamage: (damage: Damage) => boolean
  readonly writer: RecordWriter
  readonly events: EventSource
  readonly clock: Clock
  readonly chance: () => number
  /** The version of steps that name none. */
  readonly version: number
  /** How long a step may go on after its signal fired. */
  readonly graceMs: number
  readonly running: Running
  /** The steps of this run that have no result yet, or failed. */
  readonly claimed: Set<string>
}

/** Runs a step unless its result is recorded; throws what went wrong. */
export async function runStep<T>(
  run: StepRun,
  id: StepId,
  options: StepOptions<T>,
  fn: StepFunction<T>,
): Promise<T> {
  refuseName('step', id.step)
  if (id.key !== undefined) refuseName('key', id.key)
  const refused = stepOptionError(options)
  if (refused !== undefined) throw refused
  const text = textOf(id)
  if (run.claimed.has(text)) throw duplicate(id)
  run.claimed.add(text)
  const recorded = await recordedResult(run, id, options)
  const result = recorded ?? (await attemptUntilDone(run, id, options, fn))
  run.claimed.delete(text)
  if (recorded !== undefined) run.events.emit({ type: 'stepSkipped', ...id })
  return result.value
}

/** The result that an earlier run recorded, if it is the one that is asked for and can be read. */
async function recordedResult<T>(
  run: StepRun,
  id: StepId,
  options: StepOptions<T>,
): Promise<{ readonly value: T } | undefined> {
  const found = unwrap(await run.ledger.find(id))
  if (found === undefined) return undefined
  if (!run.ledger.ask(found)) throw duplicate(id)
  if (!isTaken(run, id, options, found)) return undefined
  const { result, record: seq } = found
  const body = await run.bodies.bytesOf(result.body)
  if (!body.ok && body.error.code === 'CORRUPTED' && run.onDamage({ seq, error: body.error })) {
    return undefined
  }
  const stored = { ...result, body: unwrap(body) }
  const value = unwrap(decodeValue(stored, options.codec, `the result of step ${text(id)}`))
  return { value: await checked(run, id, options, value) }
}

/** Whether the recorded result is the one that is asked for. */
function isTaken<T>(
  run: StepRun,
  id: StepId,
  { version: asked = run.version, onChange = 'error' }: StepOptions<T>,
  { result: { version: recorded } }: FoundResult,
): boolean {
  if (recorded === asked || onChange === 'keep') return true
  if (onChange === 'rerun') return false
  const message = `the result of step ${text(id)} is of version ${recorded}, not ${asked}`
  throw operationError('STEP_CHANGED', message, { ...id, recorded, asked })
}

/** What a schema makes of a value; without one, the caller's type is believed. */
async function checked<T>(
  run: StepRun,
  id: StepId,
  { schema }: StepOptions<T>,
  value: unknown,
): Promise<T> {
  if (schema !== undefined) {
    return unwrap(await validate(schema, value, { identifier: run.name, key: textOf(id) }))
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without a schema, T is the word of the caller
  return value as T
}

async function attemptUntilDone<T>(
  run: StepRun,
  id: StepId,
  options: StepOptions<T>,
  fn: StepFunction<T>,
): Promise<{ readonly value: T }> {
  const known = run.ledger.attempts(id)
  let attempt = known?.attempt ?? 0
  let failures = known?.failures ?? 0
  for (;;) {
    run.running.throwIfOver()
    attempt += 1
    run.events.emit({ type: 'stepStarted', ...id, attempt })
    const note: AttemptEntry = { kind: 'attempt', ...id, attempt, failures }
    const tried = await tryOnce(run, id, options, fn, note)
    if (tried.done) {
      run.events.emit({ type: 'stepDone', ...id, attempt })
      return tried
    }
    const { error } = tried
    failures += 1
    const delayMs = retryDelayMs(options.retry ?? { maxAttempts: 1 }, failures, error, run.chance)
    const noted = delayMs === undefined ? 0 : failures
    const failed = { ...note, failures: noted, error: describe(error) }
    unwrap(await run.writer.add(failed))
    if (delayMs === undefined) throw givenUp(run, id, options, error, attempt)
    run.events.emit({ type: 'stepRetry', ...id, attempt, delayMs, error })
    await run.running.sleep(delayMs)
  }
}

type Tried<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly error: unknown }

/** One attempt: runs the step and records its result. What cannot be recorded is thrown. */
async function tryOnce<T>(
  run: StepRun,
  id: StepId,
  options: StepOptions<T>,
  fn: StepFunction<T>,
  note: AttemptEntry,
): Promise<Tried<T>> {
  const slot = `attempt ${textOf(id)}`
  run.writer.offer(slot, note, NOTE_AFTER_MS)
  const outcome = await run.running.attempt(options.timeoutMs, (signal) =>
    fn(stepContext(run, id, note.attempt, signal)),
  )
  run.writer.withdraw(slot)
  if (!outcome.ok) {
    run.running.throwIfOver()
    return { done: false, error: outcome.error }
  }
  const value = await checked(run, id, options, outcome.value)
  const encoded = unwrap(encodeValue(outcome.value, options.codec))
  const { version = run.version } = options
  unwrap(await run.writer.add({ kind: 'result', ...id, version, ...encoded }))
  return { done: true, value }
}

function stepContext(run: StepRun, id: StepId, attempt: number, signal: AbortSignal): StepContext {
  return {
    signal,
    attempt,
    idempotencyKey: `${run.incarnation}-${encodeName(textOf(id))}`,
    progress: (done, total, unit) =>
      run.events.emit({
        type: 'stepProgress',
        ...id,
        done,
        ...(total === undefined ? {} : { total }),
        ...(unit === undefined ? {} : { unit }),
      }),
  }
}

function givenUp<T>(
  run: StepRun,
  id: StepId,
  { timeoutMs = 0 }: StepOptions<T>,
  error: unknown,
  attempts: number,
): OperationError<'STEP_FAILED' | 'STEP_TIMEOUT'> {
  run.events.emit({ type: 'stepFailed', ...id, error })
  if (run.running.isTimeout(error)) {
    const message = `step ${text(id)} took longer than ${timeoutMs} ms`
    return operationError('STEP_TIMEOUT', message, { ...id, timeoutMs }, error)
  }
  const message = `step ${text(id)} failed; run the operation again to resume it`
  return operationError('STEP_FAILED', message, { ...id, attempts }, error)
}

function duplicate(id: StepId): OperationError<'DUPLICATE_STEP'> {
  const message = `step ${text(id)} was asked for twice in one run; give each a key of its own`
  return operationError('DUPLICATE_STEP', message, { ...id })
}

function refuseName(argument: string, name: string): void {
  const refused = textError(argument, name, MAX_NAME_BYTES)
  if (refused !== undefined) throw refused
  if (!name.includes('\u0000')) return
  const details = { argument, reason: 'it holds a NUL' }
  throw coreError('INVALID_ARGUMENT', `${argument}: ${details.reason}`, details)
}

function text({ step, key }: StepId): string {
  return key === undefined ? JSON.stringify(step) : `${JSON.stringify(step)} ${JSON.stringify(key)}`
}

function describe(error: unknown): string {
  const code = isTidemarkError(error) ? `${error.code}: ` : ''
  const what = error instanceof Error ? `${error.name}: ${error.message}` : typeof error
  return `${code}${what}`.slice(0, MAX_ERROR_TEXT).toWellFormed()
}

import {
  coreError,
  err,
  isTidemarkError,
  ok,
  systemClock,
  type AsyncResult,
  type CoreError,
  type Damage,
} from '@tidemark/core'
import { nameError } from '../log/operation-key.ts'
import type { OperationPlace, OwnerOptions } from '../open-options.ts'
import type { OperationError } from '../operation-errors.ts'
import type { CheckpointFailure, OpenError, StatusError } from '../operation.ts'
import { acquireOperation, ownerError, type Acquired } from '../owner/acquire-operation.ts'
import { OwnedOperation } from '../owner/owned-operation.ts'
import type { PlainValue } from '../value/encode-value.ts'
import { Payloads } from '../value/payloads.ts'
import type { RunContext, StepFunction, StepOptions } from './run-context.ts'
import { runMap } from './run-map.ts'
import { runStep, type StepRun } from './run-step.ts'
import { Running, type EndError } from './running.ts'
import { openState } from './state-cursor.ts'
import { StepLedger } from './step-ledger.ts'

/** Options of {@link runOperation}. */
export interface RunOptions extends OperationPlace, OwnerOptions {
  /** The version of steps that name none. Default 1. */
  readonly version?: number
  /** Leave the operation active when the body ends. Default: it is completed with the result. */
  readonly keepOpen?: boolean
  /** How long steps may go on after their signal fired. Default 5000. */
  readonly graceMs?: number
  /**
   * What to do with a damaged record of steps, other than newest ones that were stepped over when
   * the lease was taken: fail (the default), or run its steps again.
   */
  readonly onDamage?: 'fail' | 'rerun'
}

/** Why a run did not come to its end. */
export type RunError =
  | OpenError
  | CheckpointFailure
  | StatusError
  | OperationError<'STEP_FAILED' | 'STEP_TIMEOUT' | 'STEP_CHANGED' | 'DUPLICATE_STEP'>

/** How long steps may go on after their signal fired. */
const GRACE_MS = 5_000

/**
 * Runs a body of named steps that can be stopped at any moment and run again: steps with a recorded
 * result are skipped.
 *
 * Gives what the body returned, which is recorded: run again, a completed operation gives it at
 * once. An error of this package that the body lets pass is the error of the result; any other is
 * thrown on as it is. In both cases the operation stays active and resumable.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { runOperation } from '@tidemark/operation'
 *
 * const store = new MemoryBlobStore()
 * const total = await runOperation({ store, name: 'report' }, async (ctx) => {
 *   const rows = await ctx.step('read', () => [1, 2, 3])
 *   const squares = await ctx.map('square', rows, { key: (n) => n }, (n) => n * n)
 *   return squares.reduce((sum, n) => sum + n, 0)
 * })
 * unwrap(total) // => 14
 */
export async function runOperation<R extends PlainValue | void>(
  options: RunOptions,
  body: (ctx: RunContext) => Promise<R>,
): AsyncResult<R, RunError> {
  return runWith(options, body, async () => undefined)
}

/** Runs an operation, and calls back when it is closed or was not opened. */
export async function runWith<R extends PlainValue | void>(
  options: RunOptions,
  body: (ctx: RunContext) => Promise<R>,
  onClose: () => Promise<void>,
): AsyncResult<R, RunError> {
  const refused = runRefusal(options)
  const acquired = refused === undefined ? await acquireOperation(options, options) : err(refused)
  if (!acquired.ok) {
    await onClose()
    return acquired
  }
  const { name } = options
  const payloads = new Payloads<PlainValue>(name, {})
  const parts = { name, ...acquired.value, payloads, retention: undefined, onClose }
  const operation = new OwnedOperation(parts)
  try {
    return await runOwned(operation, acquired.value, options, body)
  } finally {
    await operation.close()
  }
}

async function runOwned<R extends PlainValue | void>(
  operation: OwnedOperation<PlainValue>,
  acquired: Acquired,
  options: RunOptions,
  body: (ctx: RunContext) => Promise<R>,
): AsyncResult<R, RunError> {
  const { writer, events } = acquired
  if (writer.standing?.base.kind === 'complete') return recordedResult(operation)
  const ledger = new StepLedger(acquired, seed(options))
  const run = stepRun(acquired, options, ledger)
  const begun = await ledger.begin(run.onDamage)
  if (!begun.ok) return begun
  const release = endWith(run.running, acquired, options.signal)
  try {
    const outcome = await settle(run.running, body(contextOf(run)), run.graceMs)
    if (!outcome.ok) return outcome
    if (options.keepOpen === true) return outcome
    const completed = await operation.complete(outcome.value ?? undefined)
    if (!completed.ok) return completed
    events.emit({ type: 'completed', orphans: ledger.orphans() })
    return outcome
  } finally {
    release()
  }
}

function stepRun(acquired: Acquired, options: RunOptions, ledger: StepLedger): StepRun {
  const { graceMs = GRACE_MS, clock = systemClock } = options
  return {
    name: options.name,
    incarnation: acquired.writer.standing?.head.incarnation ?? '',
    ledger,
    bodies: acquired.log.bodies,
    onDamage: (damage) => isSurvived(acquired, options, damage),
    writer: acquired.writer,
    events: acquired.events,
    clock,
    chance: () => seed(options) / 2 ** 32,
    version: options.version ?? 1,
    graceMs,
    running: new Running(clock, graceMs),
    claimed: new Set(),
  }
}

function contextOf(run: StepRun): RunContext {
  function step<T>(name: string, fn: StepFunction<T>): Promise<T>
  function step<T>(name: string, options: StepOptions<T>, fn: StepFunction<T>): Promise<T>
  async function step<T>(
    name: string,
    options: StepOptions<T> | StepFunction<T>,
    fn?: StepFunction<T>,
  ): Promise<T> {
    if (typeof options === 'function') return runStep(run, { step: name }, {}, options)
    if (fn === undefined) throw new TypeError('a step needs a function')
    const { key } = options
    const id = key === undefined ? { step: name } : { step: name, key: String(key) }
    return runStep(run, id, options, fn)
  }
  return {
    name: run.name,
    signal: run.running.signal,
    step,
    map: async (name, items, options, fn) => runMap(run, name, items, options, fn),
    state: (name, options) => openState(run, name, options ?? {}),
  }
}

/** What the body comes to; when the run is over before, the body is given the grace and no more. */
async function settle<R>(
  running: Running,
  body: Promise<R>,
  graceMs: number,
): AsyncResult<R, RunError> {
  const settled = body.then(
    (value) => ok(value),
    (thrown: unknown) => {
      if (running.over !== undefined) return err(running.over)
      if (isRunError(thrown)) return err(thrown)
      throw thrown
    },
  )
  const done = new AbortController()
  const over = running.ended(graceMs, done.signal).then((error) => err(error))
  return Promise.race([settled, over]).finally(() => done.abort())
}

/** Ends the run when the caller aborts it or the lease is lost; gives a way to stop listening. */
function endWith(
  running: Running,
  { lease }: Acquired,
  signal: AbortSignal | undefined,
): () => void {
  const aborted = (): void => running.end(abortedError(signal?.reason))
  const lost = (): void => {
    const reason: unknown = lease.lost.reason
    running.end(isRunError(reason) ? reason : abortedError(reason))
  }
  if (signal?.aborted === true) aborted()
  signal?.addEventListener('abort', aborted, { once: true })
  lease.lost.addEventListener('abort', lost, { once: true })
  return () => {
    signal?.removeEventListener('abort', aborted)
    lease.lost.removeEventListener('abort', lost)
  }
}

async function recordedResult<R extends PlainValue | void>(
  operation: OwnedOperation<PlainValue>,
): AsyncResult<R, RunError> {
  const status = await operation.status()
  if (!status.ok) return status
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this body returned in an earlier run
  return ok(status.value.result as R)
}

function isSurvived({ recovered, events }: Acquired, options: RunOptions, damage: Damage): boolean {
  if (recovered.some(({ seq }) => seq === damage.seq)) return true
  if (options.onDamage !== 'rerun') return false
  events.emit({ type: 'recovered', skipped: [damage] })
  return true
}

/** Errors of ours are results; `E` cannot be checked at run time, for codes only grow. */
function isRunError(thrown: unknown): thrown is RunError & EndError {
  return isTidemarkError(thrown)
}

function abortedError(cause: unknown): CoreError<'ABORTED'> {
  const details = { operation: 'run', committed: false } as const
  const message = 'the run was aborted by its signal; run it again to resume it'
  return coreError('ABORTED', message, details, cause)
}

/** The error for options that make no sense, or `undefined`; looks at nothing else. */
export function runRefusal(
  options: Omit<RunOptions, 'store'>,
): CoreError<'INVALID_IDENTIFIER' | 'INVALID_ARGUMENT'> | undefined {
  const { name, version = 1, graceMs = 0 } = options
  const refused = nameError(name) ?? ownerError(options)
  if (refused !== undefined) return refused
  const isVersion = Number.isSafeInteger(version) && version >= 1
  if (isVersion && graceMs >= 0) return undefined
  const argument = isVersion ? 'graceMs' : 'version'
  const reason = isVersion ? 'it is a number of ms from 0' : 'it is a whole number from 1'
  return coreError('INVALID_ARGUMENT', `${argument}: ${reason}`, { argument, reason })
}

/** 32 random bits. */
function seed({ random }: OwnerOptions): number {
  const bytes = new Uint8Array(4)
  const filled = random === undefined ? crypto.getRandomValues(bytes) : random(bytes)
  return new DataView(filled.buffer, filled.byteOffset).getUint32(0)
}

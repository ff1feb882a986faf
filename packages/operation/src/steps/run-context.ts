import type { Codec, StandardSchema } from '@tidemark/core'
import type { StepProgress } from '../events/operation-event.ts'

/** How often and how patiently a failing step is tried again. */
export interface RetryOptions {
  /** Attempts in all, 1 meaning none again. Counted durably: a restart does not start over. */
  readonly maxAttempts: number
  /** The pause before the second attempt. Default 1000. */
  readonly initialMs?: number
  /** How much longer each pause is than the one before. Default 2. */
  readonly factor?: number
  /** The longest pause. Default 60 000. */
  readonly maxMs?: number
  /** The part of a pause that is left to chance, 0 to 1. Default 0.2. */
  readonly jitter?: number
  /** `false` for an error that another attempt cannot cure. */
  readonly shouldRetry?: (error: unknown) => boolean
}

/** Options of a step. */
export interface StepOptions<T> {
  /** Tells steps of one name apart, in a loop. */
  readonly key?: string | number
  /** The version of the step; a recorded result of another one is dealt with by `onChange`. */
  readonly version?: number
  /**
   * When the recorded result is of another version: `'error'` throws `STEP_CHANGED` (the default),
   * `'rerun'` runs the step, `'keep'` takes the result as it is.
   */
  readonly onChange?: 'error' | 'rerun' | 'keep'
  /** Turns results into bytes. Default: bytes stay bytes, everything else is strict JSON. */
  readonly codec?: Codec<T>
  /** Checks the result before it is recorded, and when it is read. */
  readonly schema?: StandardSchema<T>
  /** Default: a step that fails is not tried again in this run. */
  readonly retry?: RetryOptions
  /** How long an attempt may take; its signal fires then. */
  readonly timeoutMs?: number
}

/** What a step is given. */
export interface StepContext {
  /** Fires on time-out, on abort, and when the lease is lost. */
  readonly signal: AbortSignal
  /**
   * 1, 2, 3 … over restarts, too. An attempt counts when it failed, or ran for 50 ms before the
   * process died.
   */
  readonly attempt: number
  /**
   * The same for every attempt at this step, over restarts, too, and for no other step. Give it to
   * services that take such a key, and an effect that was repeated happens once.
   */
  readonly idempotencyKey: string
  /** Tells how far the step is. */
  readonly progress: (done: number, total?: number, unit?: string) => void
}

/** What a step does. Its result is recorded: bytes, `undefined`, JSON, or what its codec takes. */
export type StepFunction<T> = (step: StepContext) => T | Promise<T>

/** Options of `ctx.map`. */
export interface MapOptions<Item, T> extends Omit<StepOptions<T>, 'key'> {
  /** Names an item, the same in every run. */
  readonly key: (item: Item, index: number) => string | number
  /** So many items at once. Default 1. */
  readonly concurrency?: number
  /** `false`: give no array of results, so that memory does not grow with the items. */
  readonly collect?: boolean
}

/** A small durable value inside a long step: a page token, an offset. */
export interface StateCursor<T> {
  /** The value last saved, in this run or an earlier one. */
  readonly value: T | undefined
  /** Saves a value; it is durable within `everyMs`, with the next record, or after `flush`. */
  save(value: T): void
  /** Resolves when the value last saved is durable. */
  flush(): Promise<void>
}

/** Options of `ctx.state`. */
export interface StateOptions<T> {
  /** A value is durable after so many ms at most. Default 1000. */
  readonly everyMs?: number
  /** Checks a value that an earlier run saved; must answer at once. */
  readonly schema?: StandardSchema<T>
}

/** What the body of `runOperation` works with. All of it throws the errors of this package. */
export interface RunContext {
  readonly name: string
  /** Fires on abort and when the lease is lost. */
  readonly signal: AbortSignal

  /**
   * Runs a step, unless its result is recorded: then gives that. Runs it at least once and records
   * one result. `STEP_FAILED`, `STEP_TIMEOUT`, `STEP_CHANGED`, `DUPLICATE_STEP`.
   */
  step<T>(name: string, fn: StepFunction<T>): Promise<T>
  step<T>(name: string, options: StepOptions<T>, fn: StepFunction<T>): Promise<T>

  /**
   * Runs a step for each item that has no recorded result, and gives all results in order. After a
   * failure no further item begins; those that run are finished first.
   */
  map<Item, T>(
    name: string,
    items: Iterable<Item> | AsyncIterable<Item>,
    options: MapOptions<Item, T>,
    fn: (item: Item, step: StepContext) => T | Promise<T>,
  ): Promise<T[]>

  /** A cursor that survives a restart, so that a long step goes on in its middle. */
  state<T>(name: string, options?: StateOptions<T>): StateCursor<T>
}

/** How a step tells its progress. */
export type { StepProgress }

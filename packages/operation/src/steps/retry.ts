import type { RetryOptions } from './run-context.ts'

/** What an error says about trying again; known by this symbol in every copy of this package. */
const ADVICE = Symbol.for('tidemark.operation.retry.v1')

type Advice = 'never' | number

/**
 * An error that ends a step at once, whatever its retry policy.
 *
 * @example
 * import { fatalError } from '@tidemark/operation'
 *
 * fatalError('the account is closed').message // => 'the account is closed'
 */
export function fatalError(message: string, cause?: unknown): Error {
  return advise(message, 'never', cause)
}

/** An error after which the next attempt begins in exactly so many ms. */
export function retryAfterError(delayMs: number, message: string, cause?: unknown): Error {
  return advise(message, delayMs, cause)
}

/** When to try again after so many failures in a row: in ms, or `undefined` for not at all. */
export function retryDelayMs(
  policy: RetryOptions,
  failures: number,
  error: unknown,
  chance: () => number,
): number | undefined {
  const advice = adviceOf(error)
  if (advice === 'never' || failures >= policy.maxAttempts) return undefined
  if (policy.shouldRetry?.(error) === false) return undefined
  if (advice !== undefined) return advice
  const { initialMs = 1000, factor = 2, maxMs = 60_000, jitter = 0.2 } = policy
  const pauseMs = Math.min(maxMs, initialMs * factor ** (failures - 1))
  return Math.round(pauseMs * (1 - jitter * chance()))
}

function advise(message: string, advice: Advice, cause: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause })
  Object.defineProperty(error, ADVICE, { value: advice })
  return error
}

function adviceOf(error: unknown): Advice | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const advice: unknown = Reflect.get(error, ADVICE)
  return advice === 'never' || typeof advice === 'number' ? advice : undefined
}

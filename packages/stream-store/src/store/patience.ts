import type { AsyncResult, CallOptions, Clock, CoreError } from '@tidemark/core'
import type { ReadStoreError, RecoverError } from './store-errors.ts'

/** A medium that does not answer is asked so often … */
const ATTEMPTS = 5

/** … after so long a pause, and twice as long after each: 1.5 s in all. */
const FIRST_PAUSE_MS = 100

/** Refusals that another try does not change: somebody has to do something about them. */
const LASTING: ReadonlySet<CoreError<'IO_FAILED'>['details']['reason']> = new Set([
  'permission',
  'read-only',
  'symlink',
] as const)

/** Whether an error says that the medium may well answer the next time. */
export function isTransient(error: ReadStoreError | RecoverError): boolean {
  if (error.code === 'IO_FAILED') return !LASTING.has(error.details.reason)
  return error.kind === 'unavailable'
}

/**
 * Asks again while the medium does not answer. Recovery needs the patience: whoever steps back to an
 * older checkpoint after one timeout loses what was acknowledged.
 */
export async function patiently<T, E extends ReadStoreError | RecoverError>(
  read: () => AsyncResult<T, E>,
  clock: Clock,
  options?: CallOptions,
): AsyncResult<T, E> {
  let pauseMs = FIRST_PAUSE_MS
  for (let attempt = 1; ; attempt += 1) {
    const answer = await read()
    if (answer.ok || attempt === ATTEMPTS || !isTransient(answer.error)) return answer
    const isAwake = await clock.sleep(pauseMs, options?.signal).then(
      () => true,
      () => false,
    )
    // Nobody waits for it any more: the last answer is as good as any.
    if (!isAwake) return answer
    pauseMs *= 2
  }
}

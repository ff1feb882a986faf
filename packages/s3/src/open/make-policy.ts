import { retryBudget, type RetryOptions, type RetryPolicy } from '../policy/retry.ts'
import type { S3Runtime } from './s3-options.ts'

/** The retry policy of one store. */
export function makePolicy(options: RetryOptions = {}, runtime: S3Runtime = {}): RetryPolicy {
  const reserve = options.reserve ?? 100
  return {
    attempts: options.attempts ?? 5,
    pauseMs: options.pauseMs ?? 100,
    longestPauseMs: options.longestPauseMs ?? 5_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    reserve,
    budget: retryBudget(reserve),
    sleep: runtime.sleep ?? sleep,
    random: runtime.random ?? Math.random,
  }
}

/** Waits, or until the signal fires. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish)
    if (signal?.aborted === true) finish()
  })
}

/** Time as leases and pins see it: monotonic, never compared between machines. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  readonly nowMs: () => number
  /** Resolves after so many milliseconds, or rejects with the reason of the signal. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Calls back every so many milliseconds until stopped; never keeps a process alive. */
  readonly every: (ms: number, call: () => void) => { stop: () => void }
}

/** The platform's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer)
        reject(abortReason(signal))
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, ms)
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    }),
  every: (ms, call) => {
    const timer = setInterval(call, ms)
    if (hasUnref(timer)) timer.unref()
    return { stop: () => clearInterval(timer) }
  },
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

function hasUnref(timer: unknown): timer is { unref: () => void } {
  return typeof timer === 'object' && timer !== null && 'unref' in timer
}

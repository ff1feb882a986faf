import type { Answer } from '../client/object-client.ts'

/** How often a request is sent again, and how long is waited. */
export interface RetryOptions {
  /** Times that one request is sent at most. Default 5. */
  readonly attempts?: number
  /** The longest pause before the second time; doubles each time after. Default 100. */
  readonly pauseMs?: number
  /** No pause is longer. Default 5 000. */
  readonly longestPauseMs?: number
  /** Retries of the whole store that are free; beyond them, five requests earn one. Default 100. */
  readonly reserve?: number
  /** How long one request may take, beside a second for each 128 KiB it sends. Default 30 000. */
  readonly requestTimeoutMs?: number
}

/** The one place where anything is sent again. */
export interface RetryPolicy extends Required<RetryOptions> {
  readonly budget: RetryBudget
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  readonly random: () => number
}

/** What came of a request that was sent as often as its policy allows. */
export interface Outcome<T> {
  readonly answer: Answer<T>
  /** Whether an earlier attempt, or this one, may have taken effect or may still. */
  readonly isOpen: boolean
  /** Whether an attempt before the last one may have. */
  readonly wasOpen: boolean
  /** Whether the caller's signal ended it. */
  readonly isAborted: boolean
}

/** What comes of a request whose caller had given up before it began. */
const NEVER_SENT: Outcome<never> = {
  answer: { kind: 'lost', sent: false, system: 'ABORTED' },
  isOpen: false,
  wasOpen: false,
  isAborted: true,
}

/** How one request is repeated. */
export interface RepeatOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes that the request sends. */
  readonly sizeBytes?: number
  /** Whether this answer is worth another attempt. Default {@link isPassing}. */
  readonly again?: (answer: Answer<unknown>) => boolean
}

/** A slow line still sends this much in a second. */
const SLOWEST_BYTES_PER_MS = 128

/** Refusals after which nothing was done, and that pass. */
const PASSING_CODES = new Set([
  'ConditionalRequestConflict',
  'RequestTimeout',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
])

/** Statuses of the 5xx kind by which a server says that it will never do this. */
const FINAL_STATUSES = new Set([501, 505, 507])

/** Whether a request that was answered like this may have taken effect, or may still. */
export function mayTakeEffect(answer: Answer<unknown>): boolean {
  if (answer.kind === 'lost') return answer.sent
  if (answer.kind === 'garbled') return true
  if (answer.kind === 'done' || PASSING_CODES.has(answer.code)) return false
  const { status } = answer
  return status === 408 || status === 409 || (status >= 500 && !FINAL_STATUSES.has(status))
}

/** Whether the same request may be answered otherwise a moment later. */
export function isPassing(answer: Answer<unknown>): boolean {
  if (answer.kind === 'lost') return answer.system !== 'CREDENTIALS'
  if (answer.kind !== 'refused') return false
  return answer.status === 429 || PASSING_CODES.has(answer.code) || mayTakeEffect(answer)
}

/**
 * Sends a request until it is answered for good, with pauses of random length between (full
 * jitter), none shorter than the server asks for.
 */
export async function repeat<T>(
  policy: RetryPolicy,
  send: (signal: AbortSignal) => Promise<Answer<T>>,
  options: RepeatOptions = {},
): Promise<Outcome<T>> {
  const { signal, again = isPassing } = options
  const timeoutMs = policy.requestTimeoutMs + (options.sizeBytes ?? 0) / SLOWEST_BYTES_PER_MS
  policy.budget.noteRequest()
  if (hasFired(signal)) return NEVER_SENT
  let wasOpen = false
  for (let attempt = 1; ; attempt++) {
    const answer = await withDeadline(timeoutMs, signal, send)
    const isOpen: boolean = wasOpen || mayTakeEffect(answer)
    const outcome = { answer, isOpen, wasOpen, isAborted: hasFired(signal) }
    if (outcome.isAborted || !again(answer) || attempt >= policy.attempts) return outcome
    if (!policy.budget.takeRetry()) return outcome
    await policy.sleep(pauseMs(policy, attempt, answer), signal)
    if (hasFired(signal)) return { ...outcome, isAborted: true }
    wasOpen = isOpen
  }
}

/** Asked anew each time: a signal fires while one waits. */
function hasFired(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Runs a call with a signal that fires at its deadline, or with the caller's. */
async function withDeadline<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(new DOMException('aborted', 'AbortError'))
  const onTimeout = (): void => controller.abort(new DOMException('too slow', 'TimeoutError'))
  const timer = setTimeout(onTimeout, timeoutMs)
  if (hasFired(signal)) onAbort()
  signal?.addEventListener('abort', onAbort)
  try {
    return await call(controller.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function pauseMs(policy: RetryPolicy, attempt: number, answer: Answer<unknown>): number {
  const longest = Math.min(policy.pauseMs * 2 ** (attempt - 1), policy.longestPauseMs)
  const asked = answer.kind === 'refused' ? (answer.retryAfterMs ?? 0) : 0
  return Math.max(policy.random() * longest, asked)
}

/** Retries of a whole store, as a share of its requests: a failing server is not stormed. */
export interface RetryBudget {
  noteRequest(): void
  /** Whether there may be one more; if so, it is taken. */
  takeRetry(): boolean
}

/** One retry for every five requests, in the long run. */
const EARNED_PER_REQUEST = 0.2

/** Makes the retry budget of one store; the reserve fills up again in a calm. */
export function retryBudget(reserve: number): RetryBudget {
  let left = reserve
  return {
    noteRequest: () => {
      left = Math.min(reserve, left + EARNED_PER_REQUEST)
    },
    takeRetry: () => {
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}

import { err, ok, type AsyncResult } from '@tidemark/core'
import { aborted, invalidArgument } from './errors.ts'
import { logPersistenceError } from './log-persistence-errors.ts'
import type { ReadError, UpdateError } from './errors.ts'
import type { LogStatePersistence, Revise, Updated } from './log-persistence.ts'

/** A loser waits up to this long, doubled with each defeat, before it tries again. */
const BACKOFF_MS = 2

/** Doubling stops here. */
const MAX_BACKOFF_MS = 100

/** What an update works with. */
export interface UpdateParts {
  readonly store: LogStatePersistence
  /** Told when the caller's function begins and ends. */
  readonly think: (isThinking: boolean) => void
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly random: () => number
}

/** Snapshot, `revise`, replace; again on what the winner stored, up to `maxAttempts` times. */
export async function runUpdate(
  parts: UpdateParts,
  logId: string,
  revise: Revise,
  maxAttempts: number,
  signal: AbortSignal | undefined,
): AsyncResult<Updated, UpdateError> {
  const { store, think } = parts
  const options = signal === undefined ? {} : { signal }
  for (let attempts = 1; ; attempts++) {
    const read = await store.snapshot(logId, options)
    if (!read.ok) return read
    const { revision, bytes: current } = read.value
    think(true)
    const next = await runRevise(logId, revise, current, attempts, signal)
    think(false)
    if (!next.ok) return next
    const replaced = await store.replace(logId, revision, next.value, options)
    if (replaced.ok) return ok({ ...replaced.value, attempts })
    if (replaced.error.code !== 'CONFLICT' || attempts >= maxAttempts) return replaced
    const waited = await pause(attempts, signal, parts)
    if (waited !== undefined) return err(waited)
  }
}

/** Runs the caller's function, or gives up on it when the caller does. */
async function runRevise(
  logId: string,
  revise: Revise,
  current: Uint8Array | undefined,
  attempts: number,
  signal: AbortSignal | undefined,
): AsyncResult<Uint8Array, UpdateError> {
  try {
    const asked = revise(current)
    const next = asked instanceof Promise ? await orAbort(asked, signal) : asked
    if (signal?.aborted === true) return err(aborted('update', signal.reason))
    if (next instanceof Uint8Array) return ok(next)
    return err(invalidArgument('revise', 'must give a Uint8Array'))
  } catch (cause) {
    if (signal?.aborted === true) return err(aborted('update', signal.reason))
    const message = 'the function given to update failed; nothing was stored'
    return err(logPersistenceError('CALLBACK_FAILED', message, { logId, attempts }, cause))
  }
}

/** The promise, or a rejection when the signal fires first. */
async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  let stop = (): void => undefined
  const fired = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('aborted'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
  try {
    return await Promise.race([promise, fired])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function pause(
  attempts: number,
  signal: AbortSignal | undefined,
  { sleep, random }: UpdateParts,
): Promise<ReadError | undefined> {
  const longest = Math.min(BACKOFF_MS * 2 ** attempts, MAX_BACKOFF_MS)
  try {
    await sleep(random() * longest, signal)
    return undefined
  } catch (cause) {
    return aborted('update', cause)
  }
}

import type { Clock } from '@tidemark/core'
import type { SqlConnection, SqlDialect, SqlFault } from './sql-connection.ts'

/** How a try on a connection ended. */
export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: SqlFault; readonly thrown: unknown }

/** Runs `work` on a connection, for a limited time. What hangs is cut off: its fate is unknown. */
export async function attemptOn<T>(
  dialect: SqlDialect,
  clock: Clock,
  limitMs: number,
  operation: string,
  work: (connection: SqlConnection) => Promise<T>,
): Promise<Attempt<T>> {
  const connected = await connectWithin(dialect, clock, limitMs, operation)
  if (!connected.ok) return connected
  const connection = connected.value
  try {
    const value = await within(work(connection), clock, limitMs)
    connection.release(false)
    return { ok: true, value }
  } catch (thrown) {
    connection.release(true)
    const fault = thrown instanceof TimeoutError ? 'lost' : dialect.faultOf(operation, thrown)
    return { ok: false, fault, thrown }
  }
}

async function connectWithin(
  dialect: SqlDialect,
  clock: Clock,
  limitMs: number,
  operation: string,
): Promise<Attempt<SqlConnection>> {
  const connecting = dialect.connect()
  try {
    return { ok: true, value: await within(connecting, clock, limitMs) }
  } catch (thrown) {
    if (thrown instanceof TimeoutError) void giveBack(connecting)
    const fault = thrown instanceof TimeoutError ? 'lost' : dialect.faultOf(operation, thrown)
    // Nothing was asked yet.
    return { ok: false, fault: fault === 'lost' ? 'transient' : fault, thrown }
  }
}

/** A connection that comes too late is of no use. */
async function giveBack(connecting: Promise<SqlConnection>): Promise<void> {
  try {
    const connection = await connecting
    connection.release(false)
  } catch {
    // It never came.
  }
}

class TimeoutError extends Error {}

/** Why a timer is given up. Made once: an error takes as long to make as a statement to send. */
const ANSWERED = new Error('answered in time')

async function within<T>(promise: Promise<T>, clock: Clock, limitMs: number): Promise<T> {
  const done = new AbortController()
  const timeout = async (): Promise<T> => {
    try {
      await clock.sleep(limitMs, done.signal)
    } catch {
      return promise
    }
    throw new TimeoutError('no answer in time')
  }
  try {
    return await Promise.race([promise, timeout()])
  } finally {
    done.abort(ANSWERED)
  }
}

import { coreError } from '@tidemark/core'
import { openFailed } from '../errors.ts'
import type { SqlFault } from '../sql/sql-connection.ts'

/**
 * The transaction was undone, or never began, and another try may do better: lock wait timeout,
 * deadlock, record changed since it was read, too many connections.
 */
const TRANSIENT: ReadonlySet<number> = new Set([1205, 1213, 1020, 1040, 1203])

/** The server ended the connection, or is about to. */
const LOST: ReadonlySet<number> = new Set([1053, 1077, 1152, 1158, 1159, 1160, 1161, 1180, 1317])

/** Wrong password, no such database, not allowed. */
const REFUSED: ReadonlySet<number> = new Set([1044, 1045, 1049, 1142, 1698])

/** What `mysql2` threw, as what it means. */
export function mysqlFault(operation: string, thrown: unknown): SqlFault {
  const code = mysqlErrno(thrown)
  if (code === undefined || LOST.has(code)) return 'lost'
  if (TRANSIENT.has(code)) return 'transient'
  if (REFUSED.has(code)) return openFailed('database', `the server says ${code}`, thrown)
  const system = `MySQL ${code}`
  if (code === 1021 || code === 1114) {
    const message = 'the disk of the server is full; nothing was written'
    return coreError('NO_SPACE', message, { operation, system }, thrown)
  }
  const message = `the server failed to ${operation} (${code}); nothing was written`
  return coreError('IO_FAILED', message, { operation, system }, thrown)
}

/** The server's own number; failures of the connection have a negative one, or none. */
export function mysqlErrno(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const errno: unknown = Reflect.get(thrown, 'errno')
  const state: unknown = Reflect.get(thrown, 'sqlState')
  // Only what the server said carries an SQL state.
  return typeof errno === 'number' && errno >= 1000 && typeof state === 'string' ? errno : undefined
}

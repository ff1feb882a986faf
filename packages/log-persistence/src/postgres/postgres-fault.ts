import { coreError } from '@tidemark/core'
import { openFailed } from '../errors.ts'
import type { SqlFault } from '../sql/sql-connection.ts'

/**
 * The statement was undone, and another try may do better: serialization failure, deadlock, lock
 * not available, cancelled, too many connections, starting up or shutting down before it began.
 */
const TRANSIENT: ReadonlySet<string> = new Set([
  '40001',
  '40P01',
  '55P03',
  '57014',
  '53300',
  '57P03',
])

/** Two processes created the same table: the loser finds it on the next try. */
const CREATION_RACE: ReadonlySet<string> = new Set(['23505', '42P06', '42P07'])

/** The server ended the connection, and does not say when: connection failures and shutdowns. */
const LOST = /^(?:08...|57P0[12])$/

/** Wrong password, no such role, no such database, not allowed. */
const REFUSED = /^(?:28...|3D000|42501)$/

/** What `pg` threw, as what it means. */
export function postgresFault(operation: string, thrown: unknown): SqlFault {
  const state = sqlState(thrown)
  if (state === undefined || LOST.test(state)) return 'lost'
  if (TRANSIENT.has(state)) return 'transient'
  if (operation === 'init' && CREATION_RACE.has(state)) return 'transient'
  if (REFUSED.test(state)) return openFailed('database', `PostgreSQL says ${state}`, thrown)
  const system = `SQLSTATE ${state}`
  if (state === '53100') {
    const message = 'the disk of the server is full; nothing was written'
    return coreError('NO_SPACE', message, { operation, system }, thrown)
  }
  const message = `PostgreSQL failed to ${operation} (${state}); nothing was written`
  return coreError('IO_FAILED', message, { operation, system }, thrown)
}

/** The server's own code; failures of the connection have none, or one of the system's. */
function sqlState(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const code: unknown = Reflect.get(thrown, 'code')
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

import { coreError } from '@tidemark/core'
import { busy, damaged, openFailed, type InitError } from '../errors.ts'

/** The primary result codes of SQLite that call for something else than "check the medium". */
const BUSY = 5
const LOCKED = 6
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

const NAMES: Readonly<Record<string, number>> = {
  SQLITE_BUSY: BUSY,
  SQLITE_LOCKED: LOCKED,
  SQLITE_CORRUPT: CORRUPT,
  SQLITE_FULL: FULL,
  SQLITE_CANTOPEN: CANTOPEN,
  SQLITE_NOTADB: NOTADB,
}

/** The primary result code in what a driver threw; `undefined` when there is none. */
function resultCode(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  for (const name of ['errcode', 'rawCode']) {
    const code: unknown = Reflect.get(thrown, name)
    if (typeof code === 'number') return code & 0xff
  }
  const code: unknown = Reflect.get(thrown, 'code')
  const primary = typeof code === 'string' ? /^SQLITE_[A-Z]+/.exec(code)?.[0] : undefined
  return primary === undefined ? undefined : NAMES[primary]
}

/** Whether somebody else holds the lock: nothing was done, and it may be tried again. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown)
  return code === BUSY || code === LOCKED
}

/** What a driver threw, as one of our errors. */
export function sqliteFault(operation: string, thrown: unknown): InitError {
  const code = resultCode(thrown)
  const system = code === undefined ? {} : { system: `SQLITE ${code}` }
  switch (code) {
    case BUSY:
    case LOCKED:
      return busy(operation, 'another process holds the lock', thrown)
    case FULL: {
      const message = 'the disk is full; nothing was written'
      return coreError('NO_SPACE', message, { operation, ...system }, thrown)
    }
    case CORRUPT:
    case NOTADB:
      return damaged('', 'SQLite finds the file damaged', thrown)
    case CANTOPEN:
      return openFailed('database', 'SQLite cannot open the file', thrown)
    case undefined:
    default: {
      const message = `SQLite failed to ${operation}; nothing was acknowledged`
      return coreError('IO_FAILED', message, { operation, ...system }, thrown)
    }
  }
}

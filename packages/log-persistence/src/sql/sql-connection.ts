import type { Result } from '@tidemark/core'
import type { InitError } from '../errors.ts'
import type { StoreInfo } from '../log-persistence.ts'
import type { StoreLife } from '../store-life.ts'
import type { FoundRow, StateRow } from './state-row.ts'

/** What is bound to a statement. */
export type SqlValue = Uint8Array | string | number | readonly (Uint8Array | string | number)[]

/** What a statement gave. */
export interface SqlAnswer {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  /** How many rows it matched or made. */
  readonly changed: number
}

/** One connection of a pool, for as long as it is needed. */
export interface SqlConnection {
  query(sql: string, values?: readonly SqlValue[]): Promise<SqlAnswer>
  /** Gives it back, or closes it when nobody knows what state it is in. */
  release(isBroken: boolean): void
}

/** A row with its key. */
export interface KeyedRow extends FoundRow {
  readonly key: unknown
}

/**
 * What a failure says about the write that was asked for: `transient`, it was not made, and may be
 * tried again; `lost`, nobody knows; or an error, it was not made, and will not be.
 */
export type SqlFault = 'transient' | 'lost' | InitError

/** How one kind of database is spoken to. */
export interface SqlDialect {
  /** Takes a connection from the pool. */
  connect(): Promise<SqlConnection>
  /** What a thrown failure means. */
  faultOf(operation: string, thrown: unknown): SqlFault
  /** Finds or creates the tables, and refuses a database that forgets. */
  openSchema(connection: SqlConnection, life: StoreLife): Promise<Result<StoreInfo, InitError>>
  /** The rows of some keys. */
  select(connection: SqlConnection, keys: readonly Uint8Array[]): Promise<KeyedRow[]>
  /**
   * Writes each row whose predecessor (the revision before it, or nothing) is what is stored, and
   * gives the keys of those. Atomic and durable for each row. Keys differ, and are ascending.
   */
  write(connection: SqlConnection, rows: readonly StateRow[]): Promise<unknown[]>
  /** The ids after one, in byte order; all of them without a limit. */
  ids(connection: SqlConnection, after: Uint8Array, limit?: number): Promise<unknown[]>
}

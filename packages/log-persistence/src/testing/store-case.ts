import type { LogStatePersistence } from '../log-persistence.ts'
import type { PersistenceOptions } from '../persistence.ts'
import type { StoreLife } from '../store-life.ts'

/** A place where a store lies or will lie: a folder, a database, a bucket. Empty at first. */
export interface StorePlace {
  /** Opens the store here; several at once stand for several processes. */
  open(options?: StoreLife & PersistenceOptions): LogStatePersistence
  /** Changes one byte of a log's stored checkpoint, behind the back of every store. */
  damage?(logId: string): Promise<void>
  /** Removes everything here. */
  remove(): Promise<void>
}

/** What the contract is run on. */
export interface LogPersistenceSubject {
  /** Makes a new, empty place. */
  place(): Promise<StorePlace>
}

/** What a place must offer for a case to mean anything. */
export type StoreNeed = 'crossProcess' | 'durable' | 'damage'

/** One promise, as data: no test runner is needed to run it. */
export interface LogPersistenceCase {
  /** What holds, as a sentence. */
  readonly name: string
  /** What the subject must support for the case to mean anything. */
  readonly needs: readonly StoreNeed[]
  /** Makes a place of its own, and rejects with an `Error` that says what did not hold. */
  readonly run: () => Promise<void>
}

/** One promise, to be run on a place. */
export interface StoreCase {
  readonly name: string
  readonly needs?: readonly StoreNeed[]
  readonly run: (place: StorePlace) => Promise<void>
}

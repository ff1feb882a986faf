/** A row: its columns by name. */
export type SqliteRow = Readonly<Record<string, unknown>>

/** What is bound to a statement. */
export type SqliteValue = Uint8Array | string | number

/**
 * One connection to one SQLite file. All calls are synchronous and throw what the driver throws;
 * blobs come back as `Uint8Array`. A statement must be over when its call returns: one that is
 * left half-way keeps a transaction open.
 */
export interface SqliteConnection {
  /** Runs statements without parameters. */
  exec(sql: string): void
  /** The first row, if any. */
  get(sql: string, parameters: readonly SqliteValue[]): SqliteRow | undefined
  /** All rows. */
  all(sql: string, parameters: readonly SqliteValue[]): SqliteRow[]
  /** How many rows were changed. */
  run(sql: string, parameters: readonly SqliteValue[]): number
  /** Closes the connection. */
  close(): void
}

/** A way to open SQLite files. Five methods of a connection are all a driver needs. */
export interface SqliteDriver {
  /** What it is called in messages. */
  readonly name: string
  /** Why it cannot run here, or `undefined`. Asked before it opens anything. */
  readonly refusal?: () => string | undefined
  /** Opens a file, and creates it when it is missing. */
  readonly open: (path: string) => SqliteConnection
}

/** A statement; one with a name is prepared once for each connection. */
export interface PostgresQuery {
  readonly name?: string
  readonly text: string
  readonly values?: unknown[]
}

/** What is needed of a client of `pg`. */
export interface PostgresClient {
  query(
    query: PostgresQuery,
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>
  release(destroy?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** What is needed of a `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient>
  listenerCount?(event: 'error'): number
  on?(event: 'error', listener: (error: Error) => void): unknown
}

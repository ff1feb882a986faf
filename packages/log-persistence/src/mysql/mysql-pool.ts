/** What is needed of a connection of `mysql2/promise`. */
export interface MysqlConnection {
  query(sql: string, values?: unknown[]): Promise<readonly unknown[]>
  release(): void
  destroy(): void
}

/** What is needed of a pool of `mysql2/promise`. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>
}

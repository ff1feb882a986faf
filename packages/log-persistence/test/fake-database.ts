import { ok } from '@tidemark/core'
import { toHex } from '../src/bytes.ts'
import type { KeyedRow, SqlConnection, SqlDialect } from '../src/sql/sql-connection.ts'
import type { StateRow } from '../src/sql/state-row.ts'

/** What becomes of one statement. */
export type Fate = 'answered' | 'lost before' | 'lost after' | 'late' | 'transient'

class Lost extends Error {}
class Transient extends Error {}

/** One table, shared by all connections. A late statement takes effect some statements later. */
export class FakeDatabase {
  readonly rows = new Map<string, StateRow>()
  /** How often each revision of each log was written. */
  readonly writes: string[] = []
  readonly #late: { readonly rows: readonly StateRow[]; inStatements: number }[] = []

  /** A client of this database, whose statements meet their fates in turn. */
  dialect(fate: () => Fate, delay: () => number): SqlDialect {
    const meet = async <T>(work: () => T, later?: () => void): Promise<T> => {
      await Promise.resolve()
      this.#arrive()
      const met = fate()
      if (met === 'transient') throw new Transient()
      if (met === 'lost before') throw new Lost()
      if (met === 'late') {
        later?.()
        throw new Lost()
      }
      const value = work()
      if (met === 'lost after') throw new Lost()
      return value
    }
    const connection: SqlConnection = {
      query: () => Promise.reject(new Error('not asked for here')),
      release: () => undefined,
    }
    return {
      connect: async () => connection,
      faultOf: (_, thrown) => (thrown instanceof Transient ? 'transient' : 'lost'),
      openSchema: async () => ok({ instanceId: '0'.repeat(32), created: true }),
      select: (_, keys) => meet(() => keys.flatMap((key) => this.#found(key))),
      write: (_, rows) =>
        meet(
          () => this.#write(rows),
          () => this.#late.push({ rows, inStatements: delay() }),
        ),
      ids: async () => [],
    }
  }

  #found(key: Uint8Array): KeyedRow[] {
    const row = this.rows.get(toHex(key))
    return row === undefined ? [] : [{ ...row, bytes: row.bytes.slice() }]
  }

  #write(rows: readonly StateRow[]): Uint8Array[] {
    const written: Uint8Array[] = []
    for (const row of rows) {
      const key = toHex(row.key)
      if ((this.rows.get(key)?.revision ?? 0) !== row.revision - 1) continue
      this.rows.set(key, row)
      this.writes.push(`${key} ${row.revision}`)
      written.push(row.key)
    }
    return written
  }

  /** Statements that were on their way arrive. */
  #arrive(): void {
    for (const late of this.#late) {
      late.inStatements -= 1
      if (late.inStatements === 0) this.#write(late.rows)
    }
  }
}

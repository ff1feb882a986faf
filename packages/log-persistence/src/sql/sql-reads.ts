import { err, ok, type AsyncResult, type Clock, type Result } from '@tidemark/core'
import { toHex } from '../bytes.ts'
import { busy, unreachable, type InitError } from '../errors.ts'
import type { Snapshot } from '../log-persistence.ts'
import { attemptOn } from './attempt-on.ts'
import type { FreshLooks } from './fresh-looks.ts'
import { Lane, type LaneItem } from './lane.ts'
import type { SqlDialect } from './sql-connection.ts'
import { checkRow, type LogKeys } from './state-row.ts'

const ABSENT: Snapshot = { revision: 0, bytes: undefined }

/** Between two tries. */
const RETRY_MS = 20

/** A try takes at most this part of the whole time, so that a hung connection can be replaced. */
export const TRY_PART: number = 1 / 3

interface Read extends LaneItem {
  readonly logId: string
  readonly askedMs: number
  readonly settle: (outcome: Result<Snapshot, InitError>) => void
}

/** What reads and writes on a server work with. */
export interface SqlParts {
  readonly dialect: SqlDialect
  readonly keys: LogKeys
  readonly looks: FreshLooks
  readonly clock: Clock
  readonly timeoutMs: number
}

/** Reads that are asked for at the same time share one statement. */
export class SqlReads {
  readonly #parts: SqlParts
  readonly #lane: Lane<Read>

  constructor(parts: SqlParts) {
    this.#parts = parts
    this.#lane = new Lane((reads) => this.#carry(reads))
  }

  /** Asks for a log. */
  snapshot(logId: string): AsyncResult<Snapshot, InitError> {
    return new Promise((settle) => {
      const askedMs = this.#parts.clock.nowMs()
      this.#lane.add({ logId, slot: undefined, sizeBytes: 0, askedMs, settle })
    })
  }

  async #carry(reads: readonly Read[]): Promise<void> {
    const { dialect, keys, looks, clock, timeoutMs } = this.#parts
    const wanted = [...new Set(reads.map(({ logId }) => logId))].map((logId) => keys.keyOf(logId))
    let waiting = reads
    while (waiting.length > 0) {
      const found = await attemptOn(dialect, clock, timeoutMs * TRY_PART, 'read', (connection) =>
        dialect.select(connection, wanted),
      )
      if (found.ok) {
        const rows = new Map(found.value.map((row) => [keyText(row.key), row]))
        for (const { logId, settle } of waiting) {
          const row = rows.get(toHex(keys.keyOf(logId)))
          const outcome = row === undefined ? ok(ABSENT) : read(logId, row)
          if (outcome.ok) looks.note(logId, outcome.value.revision)
          settle(outcome)
        }
        return
      }
      const { fault, thrown } = found
      const lateMs = typeof fault === 'string' ? clock.nowMs() - timeoutMs : Infinity
      const error =
        fault === 'lost'
          ? unreachable('read', thrown)
          : fault === 'transient'
            ? busyRead(thrown)
            : fault
      for (const { askedMs, settle } of waiting) if (askedMs <= lateMs) settle(err(error))
      waiting = waiting.filter(({ askedMs }) => askedMs > lateMs)
      if (waiting.length > 0) await clock.sleep(RETRY_MS)
    }
  }
}

/** A key as text, to compare by. */
export function keyText(key: unknown): string {
  return key instanceof Uint8Array ? toHex(key) : ''
}

function read(logId: string, row: Parameters<typeof checkRow>[1]): Result<Snapshot, InitError> {
  const checked = checkRow(logId, row)
  if (!checked.ok) return checked
  return ok({ revision: checked.value.revision, bytes: checked.value.bytes })
}

function busyRead(thrown: unknown): InitError {
  return busy('read', 'the database did not let it through', thrown)
}

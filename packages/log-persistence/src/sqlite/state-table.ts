import { ok, type Result } from '@tidemark/core'
import type { InitError } from '../errors.ts'
import type { Snapshot } from '../log-persistence.ts'
import { checkRow, type LogKeys, type StateRow } from '../sql/state-row.ts'
import type { SqliteConnection, SqliteRow } from './sqlite-driver.ts'

const SELECT = `SELECT log_id, chkpt, rev, write_id, digest FROM log_persistence_state
  WHERE log_key = ?`
/** The time of the machine, for people to read. */
const SECONDS = `CAST(strftime('%s', 'now') AS INTEGER)`
const INSERT = `INSERT INTO log_persistence_state
  (log_key, log_id, chkpt, rev, write_id, digest, updated_at) VALUES (?, ?, ?, ?, ?, ?, ${SECONDS})
  ON CONFLICT (log_key) DO NOTHING`
const UPDATE = `UPDATE log_persistence_state
  SET chkpt = ?, rev = ?, write_id = ?, digest = ?, updated_at = ${SECONDS}
  WHERE log_key = ? AND rev = ?`
const LIST = `SELECT log_id FROM log_persistence_state WHERE log_id > ? ORDER BY log_id LIMIT ?`

/** Memory for checkpoints that need not be read again: so many, and so many bytes of them. */
const MAX_REMEMBERED = 10_000
const MAX_REMEMBERED_BYTES = 64 * 1024 * 1024

const ABSENT: Snapshot = { revision: 0, bytes: undefined }

/**
 * The rows of one database, with a memory of those read before.
 *
 * SQLite counts the commits of other connections in `data_version`; ours pass through here. While
 * it stands still, what is remembered is what is stored.
 */
export class StateTable {
  readonly #connection: SqliteConnection
  readonly #keys: LogKeys
  readonly #remembered = new Map<string, Snapshot>()
  #rememberedBytes = 0
  #version: unknown

  constructor(connection: SqliteConnection, keys: LogKeys) {
    this.#connection = connection
    this.#keys = keys
  }

  /** Forgets everything when another connection has committed since the last look. */
  refresh(): void {
    const version = this.#connection.get('PRAGMA data_version', [])?.['data_version']
    if (version === this.#version && version !== undefined) return
    this.#version = version
    this.forget()
  }

  /** Forgets everything. */
  forget(): void {
    this.#remembered.clear()
    this.#rememberedBytes = 0
  }

  /** What is stored, from memory when it was seen since `refresh`. Shared: copy before handing out. */
  read(logId: string): Result<Snapshot, InitError> {
    const known = this.#remembered.get(logId)
    if (known !== undefined) return ok(known)
    const row = this.#connection.get(SELECT, [this.#keys.keyOf(logId)])
    if (row === undefined) return ok(ABSENT)
    const checked = checkRow(logId, foundRow(row))
    if (!checked.ok) return checked
    const { revision, bytes } = checked.value
    this.remember(logId, { revision, bytes })
    return ok({ revision, bytes })
  }

  /** Notes what has been committed. */
  remember(logId: string, snapshot: Snapshot): void {
    const length = snapshot.bytes?.length ?? 0
    const full = this.#rememberedBytes + length > MAX_REMEMBERED_BYTES
    if (full || this.#remembered.size >= MAX_REMEMBERED) this.forget()
    this.#rememberedBytes += length - (this.#remembered.get(logId)?.bytes?.length ?? 0)
    this.#remembered.set(logId, snapshot)
  }

  /** Writes a revision on the one before it; false when that is not what is stored. */
  write(row: StateRow): boolean {
    const { key, id, bytes, revision, writeId, digest } = row
    const isFirst = revision === 1
    const changed = isFirst
      ? this.#connection.run(INSERT, [key, id, bytes, revision, writeId, digest])
      : this.#connection.run(UPDATE, [bytes, revision, writeId, digest, key, revision - 1])
    return changed === 1
  }

  /** The ids after one, in byte order. */
  ids(after: Uint8Array, limit: number): unknown[] {
    return this.#connection.all(LIST, [after, limit]).map((row) => row['log_id'])
  }
}

function foundRow(row: SqliteRow): Parameters<typeof checkRow>[1] {
  return {
    id: row['log_id'],
    bytes: row['chkpt'],
    revision: row['rev'],
    writeId: row['write_id'],
    digest: row['digest'],
  }
}

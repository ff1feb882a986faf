import { err, ok, type Result } from '@tidemark/core'
import { randomBytes, sha256 } from '#digest'
import { equalBytes } from '../bytes.ts'
import { damaged, type InitError } from '../errors.ts'
import type { Stored } from '../log-persistence.ts'

/** One log's row, as it is written. */
export interface StateRow extends Stored {
  /** SHA-256 of the id: the primary key. Of one width, and free of any collation. */
  readonly key: Uint8Array
  readonly id: Uint8Array
  /** Drawn for each write: tells two writers of the same bytes apart. */
  readonly writeId: Uint8Array
  /** Over all of the above: what the database gives back is what was written, or is refused. */
  readonly digest: Uint8Array
}

/** One log's row, as a database gives it. */
export interface FoundRow {
  readonly id: unknown
  readonly bytes: unknown
  readonly revision: unknown
  readonly writeId: unknown
  readonly digest: unknown
}

const utf8 = new TextEncoder()

const WRITE_ID_BYTES = 16

/** So many keys are remembered: hashing an id costs as much as the rest of a read. */
const MAX_REMEMBERED_KEYS = 10_000

/** The keys of the logs in use. */
export class LogKeys {
  readonly #keys = new Map<string, Uint8Array>()

  /** SHA-256 of the id. */
  keyOf(logId: string): Uint8Array {
    const known = this.#keys.get(logId)
    if (known !== undefined) return known
    if (this.#keys.size >= MAX_REMEMBERED_KEYS) this.#keys.clear()
    const key = sha256(utf8.encode(logId))
    this.#keys.set(logId, key)
    return key
  }
}

/** The row of a new revision. */
export function newRow(
  logId: string,
  key: Uint8Array,
  revision: number,
  bytes: Uint8Array,
): StateRow {
  const id = utf8.encode(logId)
  const writeId = randomBytes(WRITE_ID_BYTES)
  return { key, id, revision, bytes, writeId, digest: rowDigest(id, revision, writeId, bytes) }
}

/** Checks a row against its digest and against the log it was read for. */
export function checkRow(
  logId: string,
  found: FoundRow,
): Result<Stored & { readonly writeId: Uint8Array }, InitError> {
  const { id, bytes, writeId, digest } = found
  const revision = toRevision(found.revision)
  if (!isBytes(id) || !isBytes(bytes) || !isBytes(writeId) || !isBytes(digest)) {
    return err(damaged(logId, 'a column is of another type'))
  }
  if (revision === undefined) return err(damaged(logId, 'its revision is no revision'))
  if (writeId.length !== WRITE_ID_BYTES) return err(damaged(logId, 'its write id is none'))
  if (!equalBytes(id, utf8.encode(logId))) return err(damaged(logId, 'the row names another log'))
  if (!equalBytes(digest, rowDigest(id, revision, writeId, bytes))) {
    return err(damaged(logId, 'it does not match its digest'))
  }
  // A copy of the plain type: drivers give views of their own memory.
  return ok({ revision, bytes: new Uint8Array(bytes), writeId })
}

/** Any integer a driver gives as a revision; `undefined` when it is none. */
function toRevision(value: unknown): number | undefined {
  const revision = typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value
  const fits = typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0
  return fits ? revision : undefined
}

/**
 * SHA-256 over `"tidemark log state 1" 0 | revision, 8 bytes big-endian | write id, 16 bytes |
 * length of the id, 2 bytes big-endian | id | checkpoint`.
 */
function rowDigest(
  id: Uint8Array,
  revision: number,
  writeId: Uint8Array,
  bytes: Uint8Array,
): Uint8Array {
  const start = DOMAIN.length
  const text = new Uint8Array(start + 26 + id.length + bytes.length)
  text.set(DOMAIN)
  const numbers = new DataView(text.buffer)
  numbers.setUint32(start, Math.floor(revision / 2 ** 32))
  numbers.setUint32(start + 4, revision >>> 0)
  text.set(writeId, start + 8)
  numbers.setUint16(start + 24, id.length)
  text.set(id, start + 26)
  text.set(bytes, start + 26 + id.length)
  return sha256(text)
}

const DOMAIN: Uint8Array = utf8.encode('tidemark log state 1\0')

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

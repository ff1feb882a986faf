import {
  coreError,
  err,
  json,
  ok,
  type CoreError,
  type JsonObject,
  type JsonValue,
  type Result,
  type Seq,
  type Staged,
} from '@tidemark/core'
import { FORMAT, LENGTH_BYTES } from './encode-record.ts'
import type { Base, Body, Entry, Head, Kept, Location, OperationRecord } from './record.ts'
import { stagedFor } from './staged-name.ts'

/** Why the payload of a record cannot be understood. */
export type RecordError = CoreError<'CORRUPTED' | 'UNSUPPORTED_VERSION'>

/** Reads what {@link encodeRecord} made. The bytes come from a medium: nothing is trusted. */
export function decodeRecord(seq: Seq, payload: Uint8Array): Result<OperationRecord, RecordError> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = LENGTH_BYTES + (payload.length < LENGTH_BYTES ? 0 : view.getUint32(0))
  if (payload.length < LENGTH_BYTES || end > payload.length) {
    return err(damaged(seq, 'it is cut short'))
  }
  const decoded = json.decode(payload.subarray(LENGTH_BYTES, end), 'the record')
  const header = decoded.ok ? objectOf(decoded.value) : undefined
  if (header === undefined) return err(damaged(seq, 'it holds no JSON object'))
  const { format } = header
  if (isCount(format) && format > FORMAT) {
    const details = { what: 'operation', found: format, supported: FORMAT }
    const message = `record ${seq} was written by a newer version; upgrade to read it`
    return err(coreError('UNSUPPORTED_VERSION', message, details))
  }
  const record = format === FORMAT ? recordOf(seq, header, payload.subarray(end)) : undefined
  return record === undefined ? err(damaged(seq, 'its fields make no sense')) : ok(record)
}

/** The error for a record that is not what was written. */
export function damaged(seq: Seq, reason: string): CoreError<'CORRUPTED'> {
  const message = `record ${seq} is damaged: ${reason}; restore it, or clear the operation`
  return coreError('CORRUPTED', message, { what: 'record', reason, seq })
}

function recordOf(seq: Seq, header: JsonObject, body: Uint8Array): OperationRecord | undefined {
  const head = headOf(seq, objectOf(header['head']))
  const entries = entriesOf(seq, header['entries'], body)
  if (head === undefined || entries === undefined) return undefined
  const record = { head, entries }
  if (header['base'] !== undefined) {
    const base = baseOf(seq, objectOf(header['base']))
    return base === undefined || head.base !== seq ? undefined : { ...record, base }
  }
  if (header['folds'] === undefined) return record
  const folds = numbersBelow(header['folds'], seq)
  return folds === undefined || head.fold !== seq ? undefined : { ...record, folds }
}

function headOf(seq: Seq, json: JsonObject | undefined): Head | undefined {
  const { incarnation, base, swept, fold, nextSeq, steps } = json ?? {}
  if (typeof incarnation !== 'string' || !/^[0-9a-f]{16}$/.test(incarnation)) return undefined
  if (!isCount(base) || base < 1 || base > seq || !isCount(swept) || swept > seq) return undefined
  if (!isCount(fold) || fold > seq || !isCount(nextSeq) || !isCount(steps)) return undefined
  const head = { incarnation, base, swept, fold, nextSeq, steps }
  if (json?.['latest'] === undefined) return head
  const latest = locationOf(json['latest'])
  return latest === undefined || latest.record > seq ? undefined : { ...head, latest }
}

function baseOf(seq: Seq, json: JsonObject | undefined): Base | undefined {
  const { kind, operation, atMs, past, firstSeq, kept } = json ?? {}
  if (kind !== 'begin' && kind !== 'compact' && kind !== 'complete') return undefined
  if (typeof operation !== 'string' || !isCount(atMs) || !isCount(firstSeq)) return undefined
  const folds = numbersBelow(json?.['folds'], seq)
  const incarnations = mapAll(past, (one) => (typeof one === 'string' ? one : undefined))
  const still = mapAll(kept, (one) => keptOf(seq, objectOf(one)))
  if (folds === undefined || incarnations === undefined || still === undefined) return undefined
  return { kind, operation, atMs, firstSeq, past: incarnations, kept: still, folds }
}

function keptOf(before: Seq, json: JsonObject | undefined): Kept | undefined {
  const at = locationOf(json?.['at'])
  const { seq, label } = json ?? {}
  if (at === undefined || at.record >= before || !isCount(seq) || typeof label !== 'string') {
    return undefined
  }
  return { at, seq, label }
}

function entriesOf(seq: Seq, list: JsonValue | undefined, bytes: Uint8Array): Entry[] | undefined {
  let offset = 0
  const entries = mapAll(list, (item) => {
    const fields = objectOf(item)
    if (fields === undefined) return undefined
    if (fields['kind'] === 'attempt') return entryOf(fields, new Uint8Array())
    if (fields['staged'] !== undefined) {
      const staged = stagedOf(seq, objectOf(fields['staged']))
      return staged === undefined ? undefined : entryOf(fields, staged)
    }
    const { size } = fields
    if (!isCount(size) || size > bytes.length - offset) return undefined
    offset += size
    return entryOf(fields, bytes.subarray(offset - size, offset))
  })
  return offset === bytes.length ? entries : undefined
}

/** The name can lead nowhere but to what was staged for this record or one before it. */
function stagedOf(seq: Seq, json: JsonObject | undefined): Staged | undefined {
  const { name, size, pieces } = json ?? {}
  const digests = mapAll(pieces, (one) => (typeof one === 'string' ? one : undefined))
  if (typeof name !== 'string' || !isCount(size) || digests === undefined) return undefined
  const record = stagedFor(name)
  if (record === undefined || record > seq) return undefined
  return { at: { blob: name, pieces: digests }, sizeBytes: size }
}

function entryOf(fields: JsonObject, body: Body): Entry | undefined {
  const { kind, label, atMs, version, codec, step, key, name, attempt, failures, error } = fields
  if (kind === 'attempt') {
    const isWhole = typeof step === 'string' && isCount(attempt) && isCount(failures)
    if (!isWhole) return undefined
    return { kind, step, attempt, failures, ...optional('key', key), ...optional('error', error) }
  }
  if (typeof codec !== 'string') return undefined
  if (kind === 'checkpoint') {
    const isWhole = typeof label === 'string' && isCount(atMs) && isCount(version)
    return isWhole ? { kind, label, atMs, version, codec, body } : undefined
  }
  if (kind === 'result') {
    if (typeof step !== 'string' || !isCount(version)) return undefined
    return { kind, step, version, codec, body, ...optional('key', key) }
  }
  if (kind === 'outcome') return { kind, codec, body }
  const isState = kind === 'state' && typeof name === 'string' && body instanceof Uint8Array
  return isState ? { kind, name, codec, body } : undefined
}

function optional<Name extends string>(
  name: Name,
  value: JsonValue | undefined,
): Partial<Record<Name, string>>
function optional(name: string, value: JsonValue | undefined): Record<string, string> {
  return typeof value === 'string' ? { [name]: value } : {}
}

function locationOf(json: JsonValue | undefined): Location | undefined {
  const [record, index] = mapAll(json, (n) => (isCount(n) ? n : undefined)) ?? []
  return record === undefined || index === undefined ? undefined : { record, index }
}

function numbersBelow(json: JsonValue | undefined, end: Seq): Seq[] | undefined {
  return mapAll(json, (n) => (isCount(n) && n > 0 && n < end ? n : undefined))
}

function mapAll<T>(
  list: JsonValue | undefined,
  read: (item: JsonValue) => T | undefined,
): T[] | undefined {
  if (!isArray(list)) return undefined
  const all: T[] = []
  for (const item of list) {
    const one = read(item)
    if (one === undefined) return undefined
    all.push(one)
  }
  return all
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || isArray(value)) return undefined
  return value
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

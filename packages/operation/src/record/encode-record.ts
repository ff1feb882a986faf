import type { JsonValue } from '@tidemark/core'
import {
  isStaged,
  type Base,
  type Entry,
  type Head,
  type Location,
  type OperationRecord,
} from './record.ts'

/** The version of the format. A reader refuses newer ones. */
export const FORMAT = 1

/** Bytes of the length in front of the JSON. */
export const LENGTH_BYTES = 4

/**
 * A record as the payload of a log record: u32 length of the JSON (big-endian), the JSON, then the
 * bytes of the entries in their order. `docs/formats/operation.md` is the source of truth.
 */
export function encodeRecord(record: OperationRecord): Uint8Array {
  const header: Record<string, JsonValue> = {
    format: FORMAT,
    head: headJson(record.head),
    entries: record.entries.map(entryJson),
  }
  if (record.base !== undefined) header['base'] = baseJson(record.base)
  if (record.folds !== undefined) header['folds'] = record.folds
  // Loses nothing: names and labels were checked to be well-formed when they came in.
  const encoded = utf8.encode(JSON.stringify(header))
  const bodies = record.entries.map(bodyOf)
  const size = bodies.reduce((sum, body) => sum + body.length, LENGTH_BYTES + encoded.length)
  const payload = new Uint8Array(size)
  new DataView(payload.buffer).setUint32(0, encoded.length)
  let at = LENGTH_BYTES
  for (const part of [encoded, ...bodies]) {
    payload.set(part, at)
    at += part.length
  }
  return payload
}

const utf8 = new TextEncoder()

const EMPTY = new Uint8Array()

function bodyOf(entry: Entry): Uint8Array {
  return entry.kind === 'attempt' || isStaged(entry.body) ? EMPTY : entry.body
}

function headJson({ latest, ...numbers }: Head): JsonValue {
  return latest === undefined ? numbers : { ...numbers, latest: locationJson(latest) }
}

function baseJson({ kept, ...rest }: Base): JsonValue {
  return {
    ...rest,
    kept: kept.map(({ at, seq, label }) => ({ at: locationJson(at), seq, label })),
  }
}

function locationJson({ record, index }: Location): JsonValue {
  return [record, index]
}

function entryJson(entry: Entry): JsonValue {
  if (entry.kind === 'attempt') return { ...entry }
  const { body, ...fields } = entry
  if (!isStaged(body)) return { ...fields, size: body.length }
  const { at, sizeBytes } = body
  return { ...fields, staged: { name: at.blob, size: sizeBytes, pieces: at.pieces } }
}

import { concat, coreError, err, ok, type CoreError, type Result } from '@tidemark/core'
import type { JsonNode } from '../json/json-node.ts'
import { parseJson } from '../json/parse-json.ts'
import { writeJson } from '../json/write-json.ts'
import { manifestToJson } from '../manifest/manifest-json.ts'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { describeIssues } from '../manifest/schema.ts'
import type { StoredSlot, StoredState } from '../state/slot.ts'
import type { Entry, Head } from './head.ts'
import { bodyToJson, headToJson } from './record-json.ts'
import { bodySchema, headSchema } from './record-schema.ts'

/** One checkpoint as it lies in its record. */
export interface Body {
  readonly manifest: CheckpointManifest | undefined
  readonly slots: readonly StoredSlot[]
  readonly state: StoredState | undefined
  /** Older entries that move out of the head into this record. */
  readonly segment: readonly Entry[]
}

/** What a record holds beside the head: at most one checkpoint. */
export interface RecordContent {
  readonly body: Body
  /** Small state, at the places that the body says. */
  readonly inline: Uint8Array
}

/** A record: what the store knows of itself, and at most one checkpoint. */
export interface StoreRecord extends RecordContent {
  readonly head: Head
}

/** Why a record cannot be read although its bytes are as they were written. */
export type DecodeRecordError = CoreError<'CORRUPTED' | 'UNSUPPORTED_VERSION'>

/** The body of a record that holds no checkpoint. */
export const NO_BODY: Body = { manifest: undefined, slots: [], state: undefined, segment: [] }

/** A record is a few thousand short values, but for the digests of very large state. */
const LIMITS = { depth: 64, values: 1_000_000 }

const MAGIC = 0x544d_5353
const VERSION = 1
const HEADER_BYTES = 16
const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Lays a record out: `TMSS`, version 1, three zeros, the lengths of head and body (u32 little
 * endian), the head, the body (both JSON), small state. See `docs/formats/stream-store.md`.
 */
export function encodeRecord({ head, body, inline }: StoreRecord): Uint8Array {
  const headBytes = utf8.encode(writeJson(headToJson(head)))
  const manifest = body.manifest === undefined ? null : manifestToJson(body.manifest)
  const bodyBytes = utf8.encode(writeJson(bodyToJson(body, manifest)))
  const header = new Uint8Array(HEADER_BYTES)
  const view = new DataView(header.buffer)
  view.setUint32(0, MAGIC)
  view.setUint8(4, VERSION)
  view.setUint32(8, headBytes.length, true)
  view.setUint32(12, bodyBytes.length, true)
  return concat([header, headBytes, bodyBytes, inline])
}

/** Whether a payload is a record of a store at all: the others are those of its owners. */
export function isStoreRecord(payload: Uint8Array): boolean {
  return payload.length >= HEADER_BYTES && viewOf(payload).getUint32(0) === MAGIC
}

/** Reads the head of a record. Its bytes were verified by the log; that it makes sense is checked here. */
export function decodeHead(payload: Uint8Array, seq: number): Result<Head, DecodeRecordError> {
  const parts = split(payload, seq)
  if (!parts.ok) return parts
  const head = headSchema.safeParse(jsonOf(parts.value.headBytes))
  return head.success ? ok(head.data) : err(corrupt(seq, describeIssues(head.error)))
}

/** Reads what a record holds beside the head: a checkpoint costs no look at all the others. */
export function decodeContent(
  payload: Uint8Array,
  seq: number,
): Result<RecordContent, DecodeRecordError> {
  const parts = split(payload, seq)
  if (!parts.ok) return parts
  const body = bodySchema.safeParse(jsonOf(parts.value.bodyBytes))
  if (!body.success) return err(corrupt(seq, describeIssues(body.error)))
  return ok({ body: body.data, inline: parts.value.inline })
}

interface Parts {
  readonly headBytes: Uint8Array
  readonly bodyBytes: Uint8Array
  readonly inline: Uint8Array
}

function split(payload: Uint8Array, seq: number): Result<Parts, DecodeRecordError> {
  if (!isStoreRecord(payload)) return err(corrupt(seq, 'it is no record of a stream store'))
  const view = viewOf(payload)
  const version = view.getUint8(4)
  if (version !== VERSION) {
    const details = { what: 'record', found: version, supported: VERSION }
    return err(coreError('UNSUPPORTED_VERSION', `record ${seq} has version ${version}`, details))
  }
  const bodyAt = HEADER_BYTES + view.getUint32(8, true)
  const inlineAt = bodyAt + view.getUint32(12, true)
  if (inlineAt > payload.length) return err(corrupt(seq, 'its lengths contradict each other'))
  return ok({
    headBytes: payload.subarray(HEADER_BYTES, bodyAt),
    bodyBytes: payload.subarray(bodyAt, inlineAt),
    inline: payload.subarray(inlineAt),
  })
}

/** `undefined` fits no schema, and says so. */
function jsonOf(bytes: Uint8Array): JsonNode | undefined {
  try {
    const json = parseJson(strictUtf8.decode(bytes), LIMITS)
    return json.ok ? json.value : undefined
  } catch {
    return undefined
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function corrupt(seq: number, reason: string): CoreError<'CORRUPTED'> {
  const message = `record ${seq} makes no sense: ${reason}`
  return coreError('CORRUPTED', message, { what: 'record', reason, seq })
}

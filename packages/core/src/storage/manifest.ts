import { concat } from '../blob/blob-body.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type Result } from '../result/result.ts'
import {
  decodeJson,
  encodeJson,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from './json.ts'
import { stagedFor } from './keys.ts'

/** An entry as a checkpoint's manifest lists it. */
export interface ManifestEntry {
  readonly key: string
  /** How the value was encoded: `json`, `bytes`, … */
  readonly codec: string
  readonly sizeBytes: number
  /** Where the bytes are: in the record itself, or in a blob of their own. */
  readonly at: InRecord | InBlob
}

/** Bytes that lie inside the record. */
export interface InRecord {
  readonly bytes: Uint8Array
}

/** Bytes that were staged in a blob before the record was published. */
export interface InBlob {
  readonly blob: string
  /** The SHA-256 of each piece of 1 MiB, in lower-case hex. */
  readonly pieces: readonly string[]
}

/** What one record of an identifier's log says: a whole checkpoint. */
export interface Manifest {
  readonly identifier: string
  readonly committedAtMs: number
  /** The oldest generation since the identifier was last removed: older ones are gone. */
  readonly born: number
  readonly metadata: JsonObject
  /** What layers attached to the checkpoint. */
  readonly attachment?: JsonObject | undefined
  /** In the order of their keys' UTF-8 bytes. */
  readonly entries: readonly ManifestEntry[]
}

const FORMAT = 1
const LENGTH_BYTES = 4

/** What a `Date` can hold. */
const MAX_TIME_MS = 8.64e15

/**
 * A manifest as the payload of a record: u32 length of the JSON, the JSON, then the bytes of the
 * entries that lie in the record, in their order. The source of truth is `docs/formats/storage.md`.
 */
export function encodeManifest(manifest: Manifest): Result<Uint8Array, CoreError<'ENCODE_FAILED'>> {
  const { identifier, committedAtMs, born, metadata, attachment } = manifest
  const attached = attachment === undefined ? {} : { attachment }
  const entries = manifest.entries.map(({ key, codec, sizeBytes, at }) =>
    'bytes' in at
      ? { key, codec, size: sizeBytes }
      : { key, codec, size: sizeBytes, blob: at.blob, pieces: at.pieces.join('') },
  )
  const facts = { format: FORMAT, identifier, committedAtMs, born, metadata }
  const json = encodeJson({ ...facts, ...attached, entries })
  if (!json.ok) return json
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, json.value.length)
  const inside = manifest.entries.flatMap(({ at }) => ('bytes' in at ? [at.bytes] : []))
  return ok(concat([length, json.value, ...inside]))
}

/** Reads the payload of a record back. The bytes come from a medium: nothing in it is trusted. */
export function decodeManifest(
  payload: Uint8Array,
  identifier: string | undefined,
): Result<Manifest, CoreError<'CORRUPTED' | 'UNSUPPORTED_VERSION'>> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = LENGTH_BYTES + (payload.length < LENGTH_BYTES ? 0 : view.getUint32(0))
  if (payload.length < LENGTH_BYTES || end > payload.length) return err(damaged('it is cut short'))
  const json = decodeJson(payload.subarray(LENGTH_BYTES, end), 'the manifest')
  if (!json.ok || !isJsonObject(json.value)) return err(damaged('it is not JSON'))
  const format = json.value['format']
  if (typeof format === 'number' && format > FORMAT) {
    const details = { what: 'checkpoint', found: format, supported: FORMAT }
    const message = 'this checkpoint was written by a newer version; upgrade to read it'
    return err(coreError('UNSUPPORTED_VERSION', message, details))
  }
  const manifest = manifestOf(json.value, payload.subarray(end))
  if (manifest === undefined) return err(damaged('its fields make no sense'))
  if (identifier !== undefined && manifest.identifier !== identifier) {
    return err(damaged('it belongs to another identifier'))
  }
  return ok(manifest)
}

function damaged(reason: string): CoreError<'CORRUPTED'> {
  const message = `the manifest of a checkpoint is damaged: ${reason}`
  return coreError('CORRUPTED', message, { what: 'manifest', reason })
}

function manifestOf(json: JsonObject, inside: Uint8Array): Manifest | undefined {
  const { identifier, committedAtMs, born, metadata, attachment, entries: list } = json
  if (json['format'] !== FORMAT || typeof identifier !== 'string') return undefined
  if (!isCount(committedAtMs) || committedAtMs > MAX_TIME_MS || !isCount(born)) return undefined
  if (!isJsonObject(metadata) || !isJsonArray(list)) return undefined
  if (attachment !== undefined && !isJsonObject(attachment)) return undefined
  const entries: ManifestEntry[] = []
  let offset = 0
  for (const item of list) {
    const entry = isJsonObject(item) ? entryOf(item, inside.subarray(offset)) : undefined
    if (entry === undefined) return undefined
    if ('bytes' in entry.at) offset += entry.sizeBytes
    entries.push(entry)
  }
  const isWhole =
    offset === inside.length && new Set(entries.map(({ key }) => key)).size === entries.length
  return isWhole ? { identifier, committedAtMs, born, metadata, attachment, entries } : undefined
}

function entryOf(json: JsonObject, inside: Uint8Array): ManifestEntry | undefined {
  const { key, codec, size, blob, pieces } = json
  if (typeof key !== 'string' || typeof codec !== 'string' || !isCount(size)) return undefined
  if (blob === undefined) {
    if (size > inside.length) return undefined
    return { key, codec, sizeBytes: size, at: { bytes: inside.subarray(0, size) } }
  }
  if (typeof blob !== 'string' || typeof pieces !== 'string') return undefined
  // A checkpoint names staged blobs only: a key of any other form is none that we wrote.
  if (stagedFor(blob) === undefined) return undefined
  if (!/^(?:[0-9a-f]{64})*$/.test(pieces)) return undefined
  const digests = pieces.match(/.{64}/g) ?? []
  return { key, codec, sizeBytes: size, at: { blob, pieces: digests } }
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

import { coreError, err, ok, sha256, toHex, type CoreError, type Result } from '@tidemark/core'
import { isObject, type JsonFault, type JsonLimits, type JsonNode } from '../json/json-node.ts'
import { parseJson } from '../json/parse-json.ts'
import { writeJson, writePrettyJson } from '../json/write-json.ts'
import { MANIFEST_VERSION, type CheckpointManifest } from './manifest.ts'
import { manifestToJson } from './manifest-json.ts'
import { describeIssues, manifestSchema } from './schema.ts'

/** A manifest is read whole into memory. The original's largest carry 1 MiB for each operator. */
export const MAX_MANIFEST_BYTES: number = 64 * 1024 * 1024

/** Far above what names of sources and operators need, far below what fills memory. */
export const MANIFEST_LIMITS: JsonLimits = { depth: 64, values: 500_000 }

/** A field of ours in the original's file: the digest of everything else in it. */
export const DIGEST_FIELD = 'ss_digest'

/** Why bytes are no manifest. */
export type DecodeManifestError = CoreError<'CORRUPTED' | 'LIMIT_EXCEEDED' | 'UNSUPPORTED_VERSION'>

/** A manifest as it was read. */
export interface DecodedManifest {
  readonly manifest: CheckpointManifest
  /** Whether the digest of the manifest itself was there (and then it matched). */
  readonly manifestDigest: 'verified' | 'absent'
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The bytes of a manifest: pretty and with its own digest for the original's directories, compact
 * inside a record. `ENCODE_FAILED` names the field that is out of range: what is written can be read.
 */
export function encodeManifest(
  manifest: CheckpointManifest,
  form: 'pretty' | 'compact',
): Result<Uint8Array, CoreError<'ENCODE_FAILED' | 'LIMIT_EXCEEDED'>> {
  const json = manifestToJson(manifest)
  const checked = manifestSchema.safeParse(json)
  if (!checked.success) return err(unencodable(describeIssues(checked.error)))
  const compact = writeJson(json)
  const bytes = utf8.encode(compact)
  if (bytes.length > MAX_MANIFEST_BYTES) return err(tooLong(bytes.length))
  if (form === 'compact') return ok(bytes)
  json.set(DIGEST_FIELD, toHex(sha256(bytes)))
  return ok(utf8.encode(writePrettyJson(json)))
}

/**
 * Reads a manifest. `CORRUPTED` for anything that is none, whatever it is; `LIMIT_EXCEEDED` for one
 * past a bound; `UNSUPPORTED_VERSION` for one of a newer format. Fields it does not know are passed
 * over.
 */
export function decodeManifest(bytes: Uint8Array): Result<DecodedManifest, DecodeManifestError> {
  if (bytes.length > MAX_MANIFEST_BYTES) return err(tooLong(bytes.length))
  const text = decodeText(bytes)
  if (text === undefined) return err(corrupt('it is not UTF-8'))
  const json = parseJson(text, MANIFEST_LIMITS)
  if (!json.ok) return err(jsonError(json.error))
  const parsed = manifestSchema.safeParse(json.value)
  if (!parsed.success) return err(corrupt(describeIssues(parsed.error)))
  const manifest = parsed.data
  if (manifest.version > MANIFEST_VERSION) return err(tooNew(manifest.version))
  const digest = digestField(json.value)
  if (digest === undefined) return ok({ manifest, manifestDigest: 'absent' })
  return digest === manifestDigest(manifest)
    ? ok({ manifest, manifestDigest: 'verified' })
    : err(corrupt('its digest does not match'))
}

/** SHA-256 of a manifest's canonical bytes: equal for equal manifests, whatever wrote them. */
export function manifestDigest(manifest: CheckpointManifest): string {
  return toHex(sha256(utf8.encode(writeJson(manifestToJson(manifest)))))
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

function digestField(json: JsonNode): JsonNode | undefined {
  return isObject(json) ? json.get(DIGEST_FIELD) : undefined
}

function jsonError({ reason, at, limit }: JsonFault): DecodeManifestError {
  if (limit === undefined) return corrupt(`${reason} at ${at}`)
  const details = { limit: `manifest ${limit.name}`, maximum: limit.maximum }
  return coreError('LIMIT_EXCEEDED', `a manifest holds ${reason}`, details)
}

function corrupt(reason: string): CoreError<'CORRUPTED'> {
  return coreError('CORRUPTED', `corrupt manifest: ${reason}`, { what: 'manifest', reason })
}

function tooLong(actual: number): CoreError<'LIMIT_EXCEEDED'> {
  const message = `a manifest holds up to ${MAX_MANIFEST_BYTES} bytes`
  const details = { limit: 'manifest bytes', maximum: MAX_MANIFEST_BYTES, actual }
  return coreError('LIMIT_EXCEEDED', message, details)
}

function tooNew(found: number): CoreError<'UNSUPPORTED_VERSION'> {
  const details = { what: 'manifest', found, supported: MANIFEST_VERSION }
  return coreError('UNSUPPORTED_VERSION', `this manifest has version ${found}; upgrade`, details)
}

function unencodable(reason: string): CoreError<'ENCODE_FAILED'> {
  const details = { codec: 'manifest', path: '', reason }
  return coreError('ENCODE_FAILED', `this manifest cannot be written: ${reason}`, details)
}

import { coreError, type CoreError } from '../result/core-errors.ts'
import {
  findLoss,
  MAX_DEPTH,
  numberVerdict,
  stringVerdict,
  type LeafVerdict,
} from '../codec/find-loss.ts'
import { err, ok, type Result } from '../result/result.ts'

/** What strict JSON can hold without losing anything. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** A JSON value that is an object. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** Whether a JSON value is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isJsonArray(value)
}

/** Whether a JSON value is an array. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * JSON of a value, as UTF-8. Strict: what `JSON.stringify` would silently change or drop (undefined,
 * NaN, -0, bigint, functions, dates, maps, class instances, cycles, holes in arrays, lone
 * surrogates) is `ENCODE_FAILED` with its path.
 */
export function encodeJson(value: unknown): Result<Uint8Array, CoreError<'ENCODE_FAILED'>> {
  const found = findLoss(value, jsonLeaf)
  if (found === undefined) return ok(utf8.encode(JSON.stringify(value)))
  const { path, reason } = found
  const message = `JSON cannot hold the value at ${path}: ${reason}`
  return err(coreError('ENCODE_FAILED', message, { codec: 'json', path, reason }))
}

/** The value of UTF-8 JSON. A key `__proto__` is an own key like any other. */
export function decodeJson(
  bytes: Uint8Array,
  what: string,
): Result<JsonValue, CoreError<'DECODE_FAILED'>> {
  try {
    const value: unknown = JSON.parse(strictUtf8.decode(bytes))
    if (isJson(value)) return ok(value)
    return err(undecodable(what, `it is nested deeper than ${MAX_DEPTH}`))
  } catch (cause) {
    return err(undecodable(what, 'it is not JSON', cause))
  }
}

/** Whether a value is one that strict JSON holds as it is. */
export function isJson(value: unknown): value is JsonValue {
  return findLoss(value, jsonLeaf) === undefined
}

function undecodable(what: string, why: string, cause?: unknown): CoreError<'DECODE_FAILED'> {
  const details = { what, codec: 'json' }
  return coreError('DECODE_FAILED', `${what} cannot be decoded: ${why}`, details, cause)
}

/** Leaves of JSON: what is neither array nor object. */
function jsonLeaf(value: unknown): LeafVerdict {
  if (value === null || typeof value === 'boolean') return 'kept'
  if (typeof value === 'string') return stringVerdict(value)
  // Looked into by the walk for encodings that hold them; JSON makes `{}` of either.
  if (value instanceof Map || value instanceof Set) return { lost: 'a map or a set' }
  if (typeof value !== 'number')
    return typeof value === 'object' ? 'descend' : { lost: typeof value }
  return Number.isFinite(value) ? numberVerdict(value) : { lost: String(value) }
}

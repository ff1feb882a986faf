import { coreError, type CoreError } from '../result/core-errors.ts'
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

/** Deeper values are refused: every walk over them stays within the stack. */
export const MAX_JSON_DEPTH = 1000

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * JSON of a value, as UTF-8. Strict: what `JSON.stringify` would silently change or drop (undefined,
 * NaN, -0, bigint, functions, dates, maps, class instances, cycles, holes in arrays, lone
 * surrogates) is `ENCODE_FAILED` with its path.
 */
export function encodeJson(value: unknown): Result<Uint8Array, CoreError<'ENCODE_FAILED'>> {
  const found = findLoss(value)
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
    return err(undecodable(what, `it is nested deeper than ${MAX_JSON_DEPTH}`))
  } catch (cause) {
    return err(undecodable(what, 'it is not JSON', cause))
  }
}

/** Whether a value is one that strict JSON holds as it is. */
export function isJson(value: unknown): value is JsonValue {
  return findLoss(value) === undefined
}

function undecodable(what: string, why: string, cause?: unknown): CoreError<'DECODE_FAILED'> {
  const details = { what, codec: 'json' }
  return coreError('DECODE_FAILED', `${what} cannot be decoded: ${why}`, details, cause)
}

/** Where and why a value would not survive. The path is put together on the way back up. */
interface Loss {
  readonly path: string
  readonly reason: string
}

function findLoss(value: unknown): Loss | undefined {
  const found = loss(value, [])
  return found === undefined ? undefined : { ...found, path: `$${found.path}` }
}

function loss(value: unknown, above: object[]): Loss | undefined {
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'string')
    return value.isWellFormed() ? undefined : because('a lone surrogate')
  if (typeof value === 'number') return numberLoss(value)
  if (typeof value !== 'object') return because(typeof value)
  if (above.includes(value)) return because('a cycle')
  if (above.length >= MAX_JSON_DEPTH) return because(`deeper than ${MAX_JSON_DEPTH}`)
  above.push(value)
  const found = Array.isArray(value) ? arrayLoss(value, above) : objectLoss(value, above)
  above.pop()
  return found
}

function because(reason: string): Loss {
  return { path: '', reason }
}

function numberLoss(value: number): Loss | undefined {
  if (Object.is(value, -0)) return because('-0')
  return Number.isFinite(value) ? undefined : because(String(value))
}

function arrayLoss(array: readonly unknown[], above: object[]): Loss | undefined {
  for (let i = 0; i < array.length; i++) {
    const found = i in array ? loss(array[i], above) : because('a hole in an array')
    if (found !== undefined) return { ...found, path: `[${i}]${found.path}` }
  }
  return Object.keys(array).length === array.length
    ? undefined
    : because('an array with named properties')
}

function objectLoss(object: object, above: object[]): Loss | undefined {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) {
    return because(`an instance of ${object.constructor.name}`)
  }
  if (Object.getOwnPropertySymbols(object).length > 0) return because('a symbol key')
  if ('toJSON' in object && typeof object.toJSON === 'function') return because('a toJSON method')
  for (const [key, value] of Object.entries(object)) {
    const found = key.isWellFormed() ? loss(value, above) : because('a lone surrogate')
    if (found !== undefined) return { ...found, path: `[${JSON.stringify(key)}]${found.path}` }
  }
  return undefined
}

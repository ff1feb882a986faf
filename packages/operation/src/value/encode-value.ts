import {
  bytes,
  coreError,
  err,
  json,
  ok,
  type Codec,
  type CoreError,
  type JsonValue,
  type Result,
} from '@tidemark/core'

/** What is stored without a codec: bytes stay bytes, `undefined` stays, the rest is strict JSON. */
export type PlainValue = JsonValue | Uint8Array | undefined

/** A value as it is stored. */
export interface EncodedValue {
  /** The `id` of the codec, or `none` for `undefined`. */
  readonly codec: string
  readonly bytes: Uint8Array
}

/** The largest encoded value: a record of the log holds 16 MiB, and several share one. */
export const MAX_VALUE_BYTES: number = 8 * 1024 * 1024

/** Why a value cannot be stored. */
export type EncodeError = CoreError<'ENCODE_FAILED' | 'LIMIT_EXCEEDED'>

/** How `undefined` is stored. */
const NONE: EncodedValue = { codec: 'none', bytes: new Uint8Array() }

const anyJson: Codec<unknown> = json

/** Encodes with a codec, or as a {@link PlainValue} without one. The bytes are a copy. */
export function encodeValue(
  value: unknown,
  codec: Codec<unknown> | undefined,
): Result<EncodedValue, EncodeError> {
  if (codec === undefined && value === undefined) return ok(NONE)
  const used = codec ?? (value instanceof Uint8Array ? bytes : anyJson)
  const encoded = used.encode(value)
  if (!encoded.ok) return encoded
  const { length } = encoded.value
  if (length > MAX_VALUE_BYTES) {
    const message = `a value is up to ${MAX_VALUE_BYTES} bytes; store larger ones beside`
    const details = { limit: 'value', maximum: MAX_VALUE_BYTES, actual: length }
    return err(coreError('LIMIT_EXCEEDED', message, details))
  }
  return ok({ codec: used.id, bytes: encoded.value.slice() })
}

/** Decodes what {@link encodeValue} made of a {@link PlainValue}. */
export function decodePlain(
  stored: EncodedValue,
  what: string,
): Result<PlainValue, CoreError<'DECODE_FAILED'>> {
  if (stored.codec === NONE.codec) return ok(undefined)
  if (stored.codec === bytes.id) return ok(stored.bytes.slice())
  if (stored.codec === json.id) return json.decode(stored.bytes, what)
  const message = `${what} was written by the codec ${JSON.stringify(stored.codec)}; read it with that`
  return err(coreError('DECODE_FAILED', message, { what, codec: stored.codec }))
}

/** Decodes what {@link encodeValue} made. `what` names the value in an error. */
export function decodeValue(
  stored: EncodedValue,
  codec: Codec<unknown> | undefined,
  what: string,
): Result<unknown, CoreError<'DECODE_FAILED'>> {
  if (codec?.id === stored.codec) return codec.decode(stored.bytes, what)
  return decodePlain(stored, what)
}

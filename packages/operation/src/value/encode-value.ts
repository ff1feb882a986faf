import {
  attempt,
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
  readonly body: Uint8Array
}

/** Why a value cannot be stored. */
export type EncodeError = CoreError<'ENCODE_FAILED'>

/** How `undefined` is stored. */
const NONE: EncodedValue = { codec: 'none', body: new Uint8Array() }

const anyJson: Codec<unknown> = json

/** Encodes with a codec, or as a {@link PlainValue} without one. The bytes are a copy. */
export function encodeValue(
  value: unknown,
  codec: Codec<unknown> | undefined,
): Result<EncodedValue, EncodeError> {
  if (codec === undefined && value === undefined) return ok(NONE)
  const used = codec ?? (value instanceof Uint8Array ? bytes : anyJson)
  const encoded = attempt(
    () => used.encode(value),
    (cause) => unencodable(used.id, cause),
  )
  if (!encoded.ok) return encoded
  if (!encoded.value.ok) return encoded.value
  return ok({ codec: used.id, body: encoded.value.value.slice() })
}

/** A codec that throws: in JSON, what would be longer than any string can be. */
function unencodable(codec: string, cause: unknown): CoreError<'ENCODE_FAILED'> {
  const details = { codec, path: '$', reason: 'its codec threw' }
  const message = `the codec ${JSON.stringify(codec)} cannot encode the value; is it too large?`
  return coreError('ENCODE_FAILED', message, details, cause)
}

/** Decodes what {@link encodeValue} made of a {@link PlainValue}. */
export function decodePlain(
  stored: EncodedValue,
  what: string,
): Result<PlainValue, CoreError<'DECODE_FAILED'>> {
  if (stored.codec === NONE.codec) return ok(undefined)
  if (stored.codec === bytes.id) return ok(stored.body.slice())
  if (stored.codec === json.id) return json.decode(stored.body, what)
  const message = `${what} was written by the codec ${JSON.stringify(stored.codec)}; read it with that`
  return err(coreError('DECODE_FAILED', message, { what, codec: stored.codec }))
}

/** Decodes what {@link encodeValue} made. `what` names the value in an error. */
export function decodeValue(
  stored: EncodedValue,
  codec: Codec<unknown> | undefined,
  what: string,
): Result<unknown, CoreError<'DECODE_FAILED'>> {
  if (codec?.id === stored.codec) return codec.decode(stored.body, what)
  return decodePlain(stored, what)
}

import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type Result } from '../result/result.ts'
import { decodeJson, encodeJson, type JsonValue } from '../storage/json.ts'

/** How values become bytes. The `id` is stored with each entry; decoding never guesses. */
export interface Codec<In, Out = In> {
  readonly id: string
  /** Method syntax: a codec for more values serves where one for fewer is asked for. */
  encode(value: In): Result<Uint8Array, CoreError<'ENCODE_FAILED'>>
  decode(bytes: Uint8Array, what: string): Result<Out, CoreError<'DECODE_FAILED'>>
}

/** What a storage needs of a codec to read with it. */
export type Decoder = Pick<Codec<never, unknown>, 'id' | 'decode'>

/** Strict JSON: refuses, with its path, what JSON would silently change. The default. */
export const json: Codec<JsonValue> = { id: 'json', encode: encodeJson, decode: decodeJson }

/** Bytes as they are. The default for a `Uint8Array`. */
export const bytes: Codec<Uint8Array> = {
  id: 'bytes',
  encode: (value) => ok(value),
  decode: (stored) => ok(stored),
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A string as UTF-8, readable with any tool. */
export const text: Codec<string> = {
  id: 'text',
  encode: (value) => {
    if (value.isWellFormed()) return ok(utf8.encode(value))
    const details = { codec: 'text', path: '$', reason: 'a lone surrogate' }
    return err(coreError('ENCODE_FAILED', 'UTF-8 cannot hold a lone surrogate', details))
  },
  decode: (stored, what) => {
    try {
      return ok(strictUtf8.decode(stored))
    } catch (cause) {
      const details = { what, codec: 'text' }
      return err(coreError('DECODE_FAILED', `${what} is not UTF-8`, details, cause))
    }
  },
}

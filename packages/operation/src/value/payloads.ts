import { coreError, err, ok, type AsyncResult, type CoreError } from '@tidemark/core'
import type { PayloadOptions } from '../operation.ts'
import { decodeValue, encodeValue, type EncodedValue, type EncodeError } from './encode-value.ts'
import { validate } from './validate.ts'

/** What may go wrong between a payload and its bytes. */
export type PayloadReadError = CoreError<
  'DECODE_FAILED' | 'SCHEMA_MISMATCH' | 'UNSUPPORTED_VERSION'
>

/** Payloads of one operation: checked, encoded, and read back whatever their version. */
export class Payloads<T> {
  readonly version: number
  readonly #name: string
  readonly #options: PayloadOptions<T>

  constructor(name: string, options: PayloadOptions<T>) {
    this.#name = name
    this.#options = options
    this.version = options.version ?? 1
  }

  /** Checks and encodes a payload. */
  async encode(
    label: string,
    payload: unknown,
  ): AsyncResult<EncodedValue, EncodeError | CoreError<'SCHEMA_MISMATCH'>> {
    const { schema, codec } = this.#options
    if (schema === undefined) return encodeValue(payload, codec)
    // Encoded first: what a schema does with the payload must not change what is stored.
    const encoded = encodeValue(payload, codec)
    if (!encoded.ok) return encoded
    const valid = await validate(schema, payload, { identifier: this.#name, key: label })
    return valid.ok ? encoded : valid
  }

  /** Decodes, migrates and checks a payload. */
  async decode(
    label: string,
    stored: EncodedValue & { readonly version: number },
  ): AsyncResult<T, PayloadReadError>
  async decode(
    label: string,
    stored: EncodedValue & { readonly version: number },
  ): AsyncResult<unknown, PayloadReadError> {
    const { schema, codec, migrate } = this.#options
    if (stored.version > this.version) return err(this.#newer(stored.version))
    const decoded = decodeValue(stored, codec, `the payload of ${JSON.stringify(label)}`)
    if (!decoded.ok) return decoded
    const isOld = stored.version < this.version && migrate !== undefined
    const value = isOld ? migrate(decoded.value, stored.version) : decoded.value
    if (schema === undefined) return ok(value)
    return validate(schema, value, { identifier: this.#name, key: label })
  }

  #newer(found: number): CoreError<'UNSUPPORTED_VERSION'> {
    const details = { what: 'payload', found, supported: this.version }
    const message = `the payload is of version ${found}; this program reads up to ${this.version}`
    return coreError('UNSUPPORTED_VERSION', message, details)
  }
}

import type { Decoder } from '../codec/codec.ts'
import type { OutputOf, StandardSchema } from '../codec/standard-schema.ts'
import type { CoreError } from '../result/core-errors.ts'
import { unwrap, type AsyncResult } from '../result/result.ts'
import type { ByteEntries } from './byte-storage.ts'
import { checkSchema, decodeEntry } from './decode-entry.ts'
import type { GetBytesOptions, GetEntryOptions, GetError } from './storage.ts'

/** Reading values: what a draft and a committed checkpoint have in common. */
export class TypedEntries {
  readonly identifier: string
  readonly #entries: ByteEntries
  readonly #decoders: ReadonlyMap<string, Decoder>

  constructor(entries: ByteEntries, decoders: ReadonlyMap<string, Decoder>) {
    this.identifier = entries.identifier
    this.#entries = entries
    this.#decoders = decoders
  }

  keys(): readonly string[] {
    return this.#entries.entries().map(({ key }) => key)
  }

  get<Schema extends StandardSchema>(
    key: string,
    schema: Schema,
    options?: GetEntryOptions,
  ): AsyncResult<OutputOf<Schema>, GetError | CoreError<'SCHEMA_MISMATCH'>>
  get<Out = unknown>(
    key: string,
    schema?: undefined,
    options?: GetEntryOptions<Out>,
  ): AsyncResult<Out, GetError>
  async get(
    key: string,
    schema?: StandardSchema,
    options?: GetEntryOptions,
  ): AsyncResult<unknown, GetError | CoreError<'SCHEMA_MISMATCH'>> {
    const value = await decodeEntry(this.#entries, key, this.#decoders, options)
    if (!value.ok || schema === undefined) return value
    return checkSchema(value.value, schema, this.identifier, key)
  }

  async getBytes(key: string, options?: GetBytesOptions): AsyncResult<Uint8Array, GetError> {
    const entry = await this.#entries.entry(key, options)
    return entry.ok ? entry.value.bytes() : entry
  }

  async *getStream(key: string, options?: GetBytesOptions): AsyncIterable<Uint8Array> {
    yield* unwrap(await this.#entries.entry(key, options)).stream()
  }
}

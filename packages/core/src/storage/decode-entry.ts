import { bytes, json, text, type Decoder } from '../codec/codec.ts'
import { describeIssue, type OutputOf, type StandardSchema } from '../codec/standard-schema.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { ByteEntries } from './byte-storage.ts'
import type { GetEntryOptions, GetError } from './storage.ts'

/** Codecs by their id: the three of core, and those that a storage was given. */
export function decodersOf(more: readonly Decoder[]): ReadonlyMap<string, Decoder> {
  const all: readonly Decoder[] = [json, text, bytes, ...more]
  return new Map(all.map((codec) => [codec.id, codec]))
}

/** The value of an entry, decoded by the codec that it was put with and no other. */
export async function decodeEntry(
  from: ByteEntries,
  key: string,
  decoders: ReadonlyMap<string, Decoder>,
  options?: GetEntryOptions,
): AsyncResult<unknown, GetError> {
  const entry = await from.entry(key, options)
  if (!entry.ok) return entry
  const recorded = entry.value.codec
  const what = `entry ${quote(key)} of checkpoint ${quote(from.identifier)}`
  const asked = options?.codec
  const decoder = asked === undefined ? decoders.get(recorded) : asked
  if (decoder === undefined || decoder.id !== recorded) {
    const remedy = decoder === undefined ? 'give the storage this codec' : 'read it with that'
    const message = `${what} was put with codec ${quote(recorded)}; ${remedy}`
    return err(coreError('DECODE_FAILED', message, { what: 'entry', codec: recorded }))
  }
  const stored = await entry.value.bytes()
  return stored.ok ? decoder.decode(stored.value, what) : stored
}

/** Checks a value by a schema. */
export async function checkSchema<Schema extends StandardSchema>(
  value: unknown,
  schema: Schema,
  identifier: string,
  key: string,
): AsyncResult<OutputOf<Schema>, CoreError<'SCHEMA_MISMATCH'>>
export async function checkSchema(
  value: unknown,
  schema: StandardSchema,
  identifier: string,
  key: string,
): AsyncResult<unknown, CoreError<'SCHEMA_MISMATCH'>> {
  const outcome = await schema['~standard'].validate(value)
  if (outcome.issues === undefined) return ok(outcome.value)
  const issues = outcome.issues.map(describeIssue)
  const message = `entry ${quote(key)} of checkpoint ${quote(identifier)} fails its schema`
  return err(coreError('SCHEMA_MISMATCH', message, { identifier, key, issues }))
}

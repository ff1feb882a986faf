import { err, ok, type Result } from '@tidemark/core'
import { copyBytes, equalBytes } from '../bytes/bytes.ts'
import { decodeCbor, type CborValue } from '../cbor/decode.ts'
import { malformed, type MkvsError } from '../errors/mkvs-errors.ts'
import { HASH_BYTES } from '../hash/hash.ts'

/** How records from outside are read. */
export interface DecodeOptions {
  /**
   * `true` (the default): only the one canonical form. `false`: also what the original tolerates,
   * which is fields in any order, letter case or missing, long integers, and trailing bytes.
   */
  readonly strict?: boolean
}

/** The fields of one record while it is read; the first thing wrong is remembered. */
export interface Fields {
  uint(name: string, maximum: bigint): bigint
  optionalUint(name: string, maximum: bigint): bigint | undefined
  bytes32(name: string): Uint8Array
  list32(name: string): Uint8Array[]
  /** Another record in a field. */
  record<T extends object>(name: string, names: readonly string[], read: (f: Fields) => T): T
  value(name: string): CborValue | undefined
  fail(reason: string): void
}

/** The largest 64-bit integer. */
export const MAX_UINT64: bigint = 0xffff_ffff_ffff_ffffn
/** The largest 16-bit integer. */
export const MAX_UINT16: bigint = 0xffffn

/**
 * Reads a record: `read` takes its fields, `encode` writes it back. Strict reading is exactly
 * "encodes to the same bytes again".
 */
export function decodeRecord<T extends object>(
  what: string,
  bytes: Uint8Array,
  shape: {
    readonly names: readonly string[]
    readonly read: (fields: Fields) => T
    readonly encode: (record: T) => Uint8Array
  },
  options: DecodeOptions = {},
): Result<T, MkvsError<'MALFORMED'>> {
  const item = decodeCbor(bytes)
  if (!item.ok) return err(malformed(what, item.error))
  const problems: string[] = []
  const record = shape.read(fieldsOf(item.value.value, shape.names, problems))
  const [problem] = problems
  if (problem !== undefined) return err(malformed(what, problem))
  if (options.strict !== false && !equalBytes(shape.encode(record), bytes)) {
    return err(malformed(what, 'not in canonical form'))
  }
  return ok(record)
}

function fieldsOf(value: CborValue, names: readonly string[], problems: string[]): Fields {
  const map = mapOf(value, names, problems)
  const get = (name: string): CborValue | undefined => map.get(name)
  const optionalUint = (name: string, maximum: bigint): bigint | undefined => {
    const found = get(name)
    if (found === undefined || found === null) return undefined
    if (typeof found === 'bigint' && found <= maximum) return found
    problems.push(`${name} is no integer in range`)
    return undefined
  }
  return {
    optionalUint,
    uint: (name, maximum) => optionalUint(name, maximum) ?? 0n,
    bytes32: (name) => bytes32(get(name), name, problems),
    list32: (name) => list32(get(name), name, problems),
    record: (name, inner, read) => read(fieldsOf(get(name) ?? null, inner, problems)),
    value: get,
    fail: (reason) => void problems.push(reason),
  }
}

function mapOf(
  value: CborValue,
  names: readonly string[],
  problems: string[],
): Map<string, CborValue> {
  const map = new Map<string, CborValue>()
  if (value === null) return map
  if (!(value instanceof Map)) {
    problems.push('no map of fields')
    return map
  }
  for (const [key, field] of value) {
    const name = names.find((known) => known === key.toLowerCase())
    if (name === undefined || map.has(name)) problems.push('an unknown or repeated field')
    else map.set(name, field)
  }
  return map
}

function bytes32(value: CborValue | undefined, name: string, problems: string[]): Uint8Array {
  if (value === undefined || value === null) return new Uint8Array(HASH_BYTES)
  if (value instanceof Uint8Array && value.length === HASH_BYTES) return copyBytes(value)
  problems.push(`${name} is not 32 bytes`)
  return new Uint8Array(HASH_BYTES)
}

function list32(value: CborValue | undefined, name: string, problems: string[]): Uint8Array[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((item: CborValue) => bytes32(item, name, problems))
  problems.push(`${name} is no list`)
  return []
}

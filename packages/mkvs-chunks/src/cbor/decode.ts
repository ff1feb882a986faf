import { err, ok, type Result } from '@tidemark/core'
import { byteAt } from '../bytes/bytes.ts'

/** What untrusted CBOR may hold here: no floats, tags, negative numbers or indefinite lengths. */
export type CborValue =
  | bigint
  | Uint8Array
  | string
  | null
  | readonly CborValue[]
  | Map<string, CborValue>

/** Elements of an array, or pairs of a map: the original's limit. */
export const MAX_ELEMENTS = 10_000_000
/** Arrays in arrays: the original's limit. */
const MAX_NESTING = 32

/** Why an item that goes on past the end is none. */
export const CUT_SHORT = 'cut short'

/** Bytes, and how far they are read. */
export interface Reader {
  readonly bytes: Uint8Array
  at: number
}

/** A decoding step: the item, or the reason why there is none. */
type Read<T> = Result<T, string>

/** Reads one item and says where it ended. Byte strings are views of `bytes`. */
export function decodeCbor(
  bytes: Uint8Array,
): Read<{ readonly value: CborValue; readonly end: number }> {
  const reader = { bytes, at: 0 }
  const value = readItem(reader, 0)
  return value.ok ? ok({ value: value.value, end: reader.at }) : value
}

function readItem(reader: Reader, depth: number): Read<CborValue> {
  if (depth > MAX_NESTING) return err('nested too deep')
  const first = byteAt(reader.bytes, reader.at)
  if (reader.at < reader.bytes.length && first === 0xf6) {
    reader.at++
    return ok(null)
  }
  const argument = readArgument(reader)
  if (!argument.ok) return argument
  switch (first >>> 5) {
    case 0:
      return argument
    case 2:
      return readBytes(reader, argument.value)
    case 3:
      return readText(reader, argument.value)
    case 4:
      return readArray(reader, argument.value, depth)
    case 5:
      return readMap(reader, argument.value, depth)
    default:
      return err('an item of an unexpected kind')
  }
}

/** Reads the head of an item: the number in it, or the length of what follows. */
export function readArgument(reader: Reader): Read<bigint> {
  if (reader.at >= reader.bytes.length) return err(CUT_SHORT)
  const info = byteAt(reader.bytes, reader.at) & 0x1f
  if (info < 24) {
    reader.at++
    return ok(BigInt(info))
  }
  if (info > 27) return err('indefinite or reserved length')
  const size = 1 << (info - 24)
  if (reader.at + 1 + size > reader.bytes.length) return err(CUT_SHORT)
  let value = 0n
  for (let i = 1; i <= size; i++) {
    value = (value << 8n) | BigInt(byteAt(reader.bytes, reader.at + i))
  }
  reader.at += 1 + size
  return ok(value)
}

/** Reads so many bytes, as a view. */
export function readBytes(reader: Reader, length: bigint): Read<Uint8Array> {
  if (length > BigInt(reader.bytes.length - reader.at)) return err(CUT_SHORT)
  const bytes = reader.bytes.subarray(reader.at, reader.at + Number(length))
  reader.at += Number(length)
  return ok(bytes)
}

function readText(reader: Reader, length: bigint): Read<string> {
  const bytes = readBytes(reader, length)
  if (!bytes.ok) return bytes
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.value))
  } catch {
    return err('text is not UTF-8')
  }
}

function readArray(reader: Reader, length: bigint, depth: number): Read<CborValue[]> {
  if (length > MAX_ELEMENTS || length > reader.bytes.length) return err('too many elements')
  const items: CborValue[] = []
  for (let i = 0; i < length; i++) {
    const item = readItem(reader, depth + 1)
    if (!item.ok) return item
    items.push(item.value)
  }
  return ok(items)
}

function readMap(reader: Reader, length: bigint, depth: number): Read<Map<string, CborValue>> {
  if (length > MAX_ELEMENTS || length > reader.bytes.length) return err('too many pairs')
  const map = new Map<string, CborValue>()
  for (let i = 0; i < length; i++) {
    const name = readItem(reader, depth + 1)
    if (!name.ok) return name
    const value = readItem(reader, depth + 1)
    if (!value.ok) return value
    if (typeof name.value !== 'string') return err('a field name is no text')
    if (map.has(name.value)) return err('a field comes twice')
    map.set(name.value, value.value)
  }
  return ok(map)
}

import { err, ok, type Result } from '@tidemark/core'
import { byteAt } from '../bytes/bytes.ts'

/** A varint of a length below 2^32 has at most so many bytes. */
const MAX_VARINT_BYTES = 5

/** The raw length that a compressed block promises, and where its elements begin. */
export function promisedLength(
  block: Uint8Array,
): Result<{ readonly length: number; readonly at: number }, string> {
  let length = 0
  for (let at = 0; at < Math.min(block.length, MAX_VARINT_BYTES); at++) {
    const byte = byteAt(block, at)
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return ok({ length, at: at + 1 })
  }
  return err('snappy: no length')
}

/** Decompresses the elements of a block from `start` on; they must fill `out` exactly. */
export function decompressBlock(
  block: Uint8Array,
  start: number,
  out: Uint8Array,
): Result<void, string> {
  let at = start
  let filled = 0
  while (at < block.length) {
    const tag = byteAt(block, at)
    const isLiteral = (tag & 3) === 0
    const head = isLiteral ? literalHead(block, at, tag) : copyHead(block, at, tag)
    if (head === undefined || head.length > out.length - filled) return err('snappy: corrupt')
    at = head.next
    if (isLiteral) {
      if (head.length > block.length - at) return err('snappy: corrupt')
      out.set(block.subarray(at, at + head.length), filled)
      at += head.length
    } else {
      if (head.offset === 0 || head.offset > filled) return err('snappy: corrupt')
      copyWithin(out, filled, head.offset, head.length)
    }
    filled += head.length
  }
  return filled === out.length ? ok() : err('snappy: shorter than promised')
}

interface Head {
  readonly length: number
  readonly offset: number
  readonly next: number
}

function literalHead(block: Uint8Array, at: number, tag: number): Head | undefined {
  const short = tag >>> 2
  if (short < 60) return { length: short + 1, offset: 0, next: at + 1 }
  const size = short - 59
  if (at + 1 + size > block.length) return undefined
  return { length: littleEndian(block, at + 1, size) + 1, offset: 0, next: at + 1 + size }
}

function copyHead(block: Uint8Array, at: number, tag: number): Head | undefined {
  const kind = tag & 3
  const size = kind === 1 ? 1 : kind === 2 ? 2 : 4
  if (at + 1 + size > block.length) return undefined
  const low = littleEndian(block, at + 1, size)
  const next = at + 1 + size
  if (kind === 1) return { length: 4 + ((tag >>> 2) & 7), offset: ((tag >>> 5) << 8) | low, next }
  return { length: 1 + (tag >>> 2), offset: low, next }
}

function littleEndian(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let i = 0; i < size; i++) value += byteAt(bytes, at + i) * 2 ** (8 * i)
  return value
}

/** Copies from before; a copy longer than its offset repeats itself, which is meant. */
function copyWithin(out: Uint8Array, filled: number, offset: number, length: number): void {
  if (offset >= length) out.copyWithin(filled, filled - offset, filled - offset + length)
  else for (let i = 0; i < length; i++) out[filled + i] = byteAt(out, filled + i - offset)
}

import { byteAt } from '../bytes/bytes.ts'

/** The most bytes that compressing one block of 65 536 can give: 32 + n + n / 6. */
export const MAX_COMPRESSED_BLOCK_BYTES = 76_490

/** Blocks below this are one literal. */
const MIN_COMPRESSIBLE_BYTES = 17
/** No match begins so near the end, so that four bytes can be read without asking. */
const INPUT_MARGIN = 15
const MAX_TABLE_SIZE = 1 << 14
const MIN_TABLE_SIZE = 1 << 8
const HASH_MULTIPLIER = 0x1e35_a7bd

/** Positions by hash; one for all blocks, because every block starts by clearing it. */
const table = new Uint16Array(MAX_TABLE_SIZE)

/**
 * Compresses one block of up to 65 536 bytes into `out`, and gives the length.
 *
 * The choices (which match, how long, how a copy is split) are those of the Go encoder, because
 * digests of chunks are taken over compressed bytes.
 */
export function compressBlock(source: Uint8Array, out: Uint8Array): number {
  const start = writeVarint(out, source.length)
  if (source.length < MIN_COMPRESSIBLE_BYTES)
    return writeLiteral(out, start, source, 0, source.length)
  return compressMatches(source, out, start)
}

function compressMatches(source: Uint8Array, out: Uint8Array, start: number): number {
  let size = MIN_TABLE_SIZE
  let shift = 32 - 8
  for (; size < MAX_TABLE_SIZE && size < source.length; size *= 2) shift--
  table.fill(0, 0, size)
  const limit = source.length - INPUT_MARGIN
  let at = start
  let emitted = 0
  let s = 1
  let nextHash = slotOf(load32(source, s), shift)
  for (;;) {
    let skip = 32
    let ahead = s
    let candidate: number
    do {
      s = ahead
      const step = skip >>> 5
      ahead = s + step
      skip += step
      if (ahead > limit) return writeRest(out, at, source, emitted)
      candidate = table[nextHash] ?? 0
      table[nextHash] = s
      nextHash = slotOf(load32(source, ahead), shift)
    } while (load32(source, s) !== load32(source, candidate))
    at = writeLiteral(out, at, source, emitted, s)
    do {
      const base = s
      s = matchEnd(source, s + 4, candidate + 4)
      at = writeCopy(out, at, base - candidate, s - base)
      emitted = s
      if (s >= limit) return writeRest(out, at, source, emitted)
      table[slotOf(load32(source, s - 1), shift)] = s - 1
      const slot = slotOf(load32(source, s), shift)
      candidate = table[slot] ?? 0
      table[slot] = s
    } while (load32(source, s) === load32(source, candidate))
    nextHash = slotOf(load32(source, s + 1), shift)
    s++
  }
}

function load32(bytes: Uint8Array, at: number): number {
  return (
    byteAt(bytes, at) |
    (byteAt(bytes, at + 1) << 8) |
    (byteAt(bytes, at + 2) << 16) |
    (byteAt(bytes, at + 3) << 24)
  )
}

function slotOf(word: number, shift: number): number {
  return Math.imul(word, HASH_MULTIPLIER) >>> shift
}

function matchEnd(source: Uint8Array, from: number, candidate: number): number {
  let s = from
  let c = candidate
  while (s < source.length && source[s] === source[c]) {
    s++
    c++
  }
  return s
}

function writeRest(out: Uint8Array, at: number, source: Uint8Array, emitted: number): number {
  return emitted < source.length ? writeLiteral(out, at, source, emitted, source.length) : at
}

function writeVarint(out: Uint8Array, value: number): number {
  let at = 0
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80
  out[at++] = rest
  return at
}

/** A literal tag and the bytes `from` to `to`; an empty literal is nothing. */
function writeLiteral(
  out: Uint8Array,
  start: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const last = to - from - 1
  if (last < 0) return start
  let at = start
  if (last < 60) {
    out[at++] = last << 2
  } else if (last < 0x100) {
    out[at++] = 0xf0
    out[at++] = last
  } else {
    out[at++] = 0xf4
    out[at++] = last & 0xff
    out[at++] = last >>> 8
  }
  if (last < SHORT_COPY_BYTES)
    for (let i = from; i < to; i++) out[at + i - from] = byteAt(source, i)
  else out.set(source.subarray(from, to), at)
  return at + last + 1
}

/** Below this a byte loop is faster than a copying call. */
const SHORT_COPY_BYTES = 32

function writeCopy(out: Uint8Array, start: number, offset: number, length: number): number {
  let at = start
  let rest = length
  for (; rest >= 68; rest -= 64) at = writeLongCopy(out, at, offset, 64)
  if (rest > 64) {
    at = writeLongCopy(out, at, offset, 60)
    rest -= 60
  }
  if (rest >= 12 || offset >= 2048) return writeLongCopy(out, at, offset, rest)
  out[at] = ((offset >>> 8) << 5) | ((rest - 4) << 2) | 1
  out[at + 1] = offset & 0xff
  return at + 2
}

function writeLongCopy(out: Uint8Array, at: number, offset: number, length: number): number {
  out[at] = ((length - 1) << 2) | 2
  out[at + 1] = offset & 0xff
  out[at + 2] = offset >>> 8
  return at + 3
}

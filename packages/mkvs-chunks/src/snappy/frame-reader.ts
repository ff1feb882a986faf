import { err, ok, type Result } from '@tidemark/core'
import { byteAt, startsWith } from '../bytes/bytes.ts'
import { MAX_COMPRESSED_BLOCK_BYTES } from './compress.ts'
import { maskedCrc32c } from './crc32c.ts'
import { decompressBlock, promisedLength } from './decompress.ts'
import {
  BLOCK_BYTES,
  COMPRESSED,
  FIRST_SKIPPABLE,
  IDENTIFIER,
  RAW,
  STREAM_IDENTIFIER,
} from './framing.ts'

/** Three compressed bytes give at most 64 raw ones; a block that promises more is a lie. */
const MAX_EXPANSION = 22

/** Why a stream cannot be read. */
export type UnframeError =
  | { readonly kind: 'corrupt'; readonly reason: string }
  | { readonly kind: 'too-long'; readonly maximum: number }

interface Frame {
  readonly type: number
  /** Checksum and body of a block. */
  readonly body: Uint8Array
}

/**
 * The raw bytes of a Snappy stream. Never takes more memory than the stream can really hold, nor
 * more than `maxBytes`: it goes over the stream twice and remembers nothing of each block, of which
 * there may be millions that hold nothing.
 */
export function unframe(stream: Uint8Array, maxBytes: number): Result<Uint8Array, UnframeError> {
  const corrupt = (reason: string) => err({ kind: 'corrupt', reason } as const)
  let total = 0
  for (const frame of framesOf(stream)) {
    if (!frame.ok) return corrupt(frame.error)
    const block = measure(frame.value)
    if (!block.ok) return corrupt(block.error)
    total += block.value.length
    if (total > maxBytes) return err({ kind: 'too-long', maximum: maxBytes })
  }
  const raw = new Uint8Array(total)
  let filled = 0
  for (const frame of framesOf(stream)) {
    if (!frame.ok) return corrupt(frame.error)
    const length = readBlock(frame.value, raw.subarray(filled))
    if (!length.ok) return corrupt(length.error)
    filled += length.value
  }
  return ok(raw)
}

/** Writes the raw bytes of a block to the beginning of `target`, and says how many. */
function readBlock(frame: Frame, target: Uint8Array): Result<number, string> {
  const block = measure(frame)
  if (!block.ok) return block
  const out = target.subarray(0, block.value.length)
  const body = frame.body.subarray(4)
  if (frame.type === RAW) {
    out.set(body)
  } else {
    const read = decompressBlock(body, block.value.at, out)
    if (!read.ok) return read
  }
  if (maskedCrc32c(out) !== crcOf(frame.body)) return err('snappy: checksum')
  return ok(out.length)
}

/** The blocks of a stream, in order, up to the first thing wrong. */
function* framesOf(stream: Uint8Array): Iterable<Result<Frame, string>> {
  if (stream.length > 0 && !startsWith(stream, STREAM_IDENTIFIER)) {
    yield err('snappy: no stream identifier')
    return
  }
  for (let at = 0; at < stream.length;) {
    const type = byteAt(stream, at)
    const length =
      byteAt(stream, at + 1) | (byteAt(stream, at + 2) << 8) | (byteAt(stream, at + 3) << 16)
    const body = stream.subarray(at + 4, at + 4 + length)
    const problem =
      at + 4 > stream.length || body.length < length
        ? 'snappy: cut short'
        : problemOf(type, stream, at, length)
    if (problem !== undefined) {
      yield err(problem)
      return
    }
    if (type === COMPRESSED || type === RAW) yield ok({ type, body })
    at += 4 + length
  }
}

/** What is wrong with the frame of a type and length at a place. */
function problemOf(
  type: number,
  stream: Uint8Array,
  at: number,
  length: number,
): string | undefined {
  if (type === COMPRESSED || type === RAW) {
    return length < 4 ? 'snappy: a block without a checksum' : undefined
  }
  if (type === IDENTIFIER) {
    const isOurs = length === 6 && startsWith(stream.subarray(at), STREAM_IDENTIFIER)
    return isOurs ? undefined : 'snappy: another identifier'
  }
  return type < FIRST_SKIPPABLE ? 'snappy: a block of an unknown kind' : undefined
}

/** How long a block says it is, raw, and where its compressed elements begin. */
function measure({ type, body }: Frame): Result<{ length: number; at: number }, string> {
  const size = body.length - 4
  if (type === RAW) {
    return size > BLOCK_BYTES ? err('snappy: block too long') : ok({ length: size, at: 0 })
  }
  if (size > MAX_COMPRESSED_BLOCK_BYTES) return err('snappy: block too long')
  const promised = promisedLength(body.subarray(4))
  if (!promised.ok) return promised
  const { length } = promised.value
  if (length > BLOCK_BYTES || length > size * MAX_EXPANSION) return err('snappy: block too long')
  return promised
}

function crcOf(body: Uint8Array): number {
  const low = byteAt(body, 0) | (byteAt(body, 1) << 8) | (byteAt(body, 2) << 16)
  return low + byteAt(body, 3) * 0x100_0000
}

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
 * more than `maxBytes`.
 */
export function unframe(stream: Uint8Array, maxBytes: number): Result<Uint8Array, UnframeError> {
  const corrupt = (reason: string) => err({ kind: 'corrupt', reason } as const)
  const frames = splitFrames(stream)
  if (!frames.ok) return corrupt(frames.error)
  const blocks: { readonly frame: Frame; readonly length: number; readonly at: number }[] = []
  let total = 0
  for (const frame of frames.value) {
    const block = measure(frame)
    if (!block.ok) return corrupt(block.error)
    total += block.value.length
    if (total > maxBytes) return err({ kind: 'too-long', maximum: maxBytes })
    blocks.push({ frame, ...block.value })
  }
  const raw = new Uint8Array(total)
  let filled = 0
  for (const { frame, length, at } of blocks) {
    const out = raw.subarray(filled, filled + length)
    const body = frame.body.subarray(4)
    if (frame.type === RAW) {
      out.set(body)
    } else {
      const read = decompressBlock(body, at, out)
      if (!read.ok) return corrupt(read.error)
    }
    if (maskedCrc32c(out) !== crcOf(frame.body)) return corrupt('snappy: checksum')
    filled += length
  }
  return ok(raw)
}

/** The blocks of a stream, in order. */
function splitFrames(stream: Uint8Array): Result<Frame[], string> {
  const frames: Frame[] = []
  if (stream.length > 0 && !startsWith(stream, STREAM_IDENTIFIER)) {
    return err('snappy: no stream identifier')
  }
  for (let at = 0; at < stream.length;) {
    const type = byteAt(stream, at)
    const length =
      byteAt(stream, at + 1) | (byteAt(stream, at + 2) << 8) | (byteAt(stream, at + 3) << 16)
    const body = stream.subarray(at + 4, at + 4 + length)
    if (at + 4 > stream.length || body.length < length) return err('snappy: cut short')
    if (type === COMPRESSED || type === RAW) {
      if (length < 4) return err('snappy: a block without a checksum')
      frames.push({ type, body })
    } else if (type === IDENTIFIER) {
      if (!startsWith(stream.subarray(at), STREAM_IDENTIFIER) || length !== 6) {
        return err('snappy: another identifier')
      }
    } else if (type < FIRST_SKIPPABLE) {
      return err('snappy: a block of an unknown kind')
    }
    at += 4 + length
  }
  return ok(frames)
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

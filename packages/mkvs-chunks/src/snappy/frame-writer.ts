import { compressBlock, MAX_COMPRESSED_BLOCK_BYTES } from './compress.ts'
import { maskedCrc32c } from './crc32c.ts'
import { BLOCK_BYTES, COMPRESSED, FRAME_HEAD_BYTES, RAW, STREAM_IDENTIFIER } from './framing.ts'

/** Writes a Snappy stream. Where blocks end depends on the write calls, as in the Go writer. */
export interface FrameWriter {
  write(bytes: Uint8Array): void
  /** Writes what is left. A stream without a byte written is empty. */
  close(): void
}

/** Many chunks are small: the block buffer grows with what is written. */
const FIRST_BUFFER_BYTES = 1024

/** The frame being made; it has been handed on before the next one is begun. */
const frame = new Uint8Array(FRAME_HEAD_BYTES + MAX_COMPRESSED_BLOCK_BYTES)

/** A writer whose pieces go to `emit`; a piece is valid only during that call. */
export function frameWriter(emit: (piece: Uint8Array) => void): FrameWriter {
  let buffer = new Uint8Array(FIRST_BUFFER_BYTES)
  let filled = 0
  let started = false

  function emitBlocks(bytes: Uint8Array): void {
    if (!started) emit(STREAM_IDENTIFIER)
    started = true
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      emit(frameOf(bytes.subarray(at, at + BLOCK_BYTES)))
    }
  }

  function reserve(more: number): void {
    if (filled + more <= buffer.length) return
    const larger = new Uint8Array(Math.min(BLOCK_BYTES, 2 * (filled + more)))
    larger.set(buffer.subarray(0, filled))
    buffer = larger
  }

  function flush(): void {
    if (filled > 0) emitBlocks(buffer.subarray(0, filled))
    filled = 0
  }

  return {
    write: (bytes) => {
      let rest = bytes
      while (rest.length > BLOCK_BYTES - filled) {
        if (filled === 0) {
          emitBlocks(rest)
          return
        }
        const fits = BLOCK_BYTES - filled
        reserve(fits)
        buffer.set(rest.subarray(0, fits), filled)
        filled = BLOCK_BYTES
        flush()
        rest = rest.subarray(fits)
      }
      reserve(rest.length)
      buffer.set(rest, filled)
      filled += rest.length
    },
    close: flush,
  }
}

/** One block as a frame: compressed when that saves at least an eighth. */
function frameOf(block: Uint8Array): Uint8Array {
  let body = compressBlock(block, frame.subarray(FRAME_HEAD_BYTES))
  frame[0] = COMPRESSED
  if (body >= block.length - Math.floor(block.length / 8)) {
    frame[0] = RAW
    frame.set(block, FRAME_HEAD_BYTES)
    body = block.length
  }
  const length = 4 + body
  const crc = maskedCrc32c(block)
  for (let i = 0; i < 3; i++) frame[1 + i] = (length >>> (8 * i)) & 0xff
  for (let i = 0; i < 4; i++) frame[4 + i] = (crc >>> (8 * i)) & 0xff
  return frame.subarray(0, FRAME_HEAD_BYTES + body)
}

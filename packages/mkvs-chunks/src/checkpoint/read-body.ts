import {
  coreError,
  err,
  isTidemarkError,
  ok,
  type AsyncResult,
  type CallOptions,
} from '@tidemark/core'
import { concatBytes } from '../bytes/bytes.ts'
import type { MediumError } from '../errors/mkvs-errors.ts'

/**
 * The bytes of a chunk that comes whole or in pieces, up to a limit. A source that fails is not a
 * bad chunk: its own error is passed on, or `IO_FAILED`.
 */
export async function readBody(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  maxBytes: number,
  options?: CallOptions,
): AsyncResult<Uint8Array, MediumError> {
  if (body instanceof Uint8Array) return body.length > maxBytes ? err(tooLong(maxBytes)) : ok(body)
  const pieces: Uint8Array[] = []
  let total = 0
  try {
    for await (const piece of body) {
      total += piece.length
      if (total > maxBytes) return err(tooLong(maxBytes))
      if (options?.signal?.aborted === true) return err(aborted(options.signal))
      pieces.push(piece)
    }
  } catch (thrown) {
    if (isMediumError(thrown)) return err(thrown)
    return err(coreError('IO_FAILED', 'the chunk cannot be read', { operation: 'read' }, thrown))
  }
  return ok(concatBytes(pieces))
}

const MEDIUM_CODES: readonly string[] = [
  'ABORTED',
  'CLOSED',
  'CONFLICT',
  'CORRUPTED',
  'INVALID_ARGUMENT',
  'IO_FAILED',
  'LIMIT_EXCEEDED',
  'NO_SPACE',
  'OUTCOME_UNKNOWN',
  'UNSUPPORTED',
] satisfies MediumError['code'][]

function isMediumError(thrown: unknown): thrown is MediumError {
  return isTidemarkError(thrown) && MEDIUM_CODES.includes(thrown.code)
}

function aborted(signal: AbortSignal): MediumError {
  const details = { operation: 'restoreChunk', committed: false } as const
  return coreError('ABORTED', 'aborted', details, signal.reason)
}

function tooLong(maximum: number): MediumError {
  const details = { limit: 'maxChunkBytes', maximum }
  return coreError('LIMIT_EXCEEDED', 'the chunk is too long', details)
}

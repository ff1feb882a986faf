import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import { bodyError, concat, piecesOf } from './blob-body.ts'
import type { BlobBody } from './blob-store.ts'

/**
 * A body in one array that nobody else holds; `LIMIT_EXCEEDED` as soon as it is too long. Copied by
 * the constructor, because the `slice` of a `Buffer` copies nothing.
 */
export async function collectBody(
  key: string,
  body: BlobBody,
  maxBytes: number,
): AsyncResult<Uint8Array, CoreError<'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED'>> {
  if (body instanceof Uint8Array) {
    return body.length > maxBytes ? err(tooLong(key, maxBytes)) : ok(new Uint8Array(body))
  }
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const piece of piecesOf(body)) {
      sizeBytes += piece.length
      if (sizeBytes > maxBytes) return err(tooLong(key, maxBytes))
      // A source may use its buffer again once it is asked for more.
      pieces.push(new Uint8Array(piece))
    }
  } catch (cause) {
    return err(bodyError(key, cause))
  }
  return ok(concat(pieces))
}

function tooLong(key: string, maximum: number): CoreError<'LIMIT_EXCEEDED'> {
  const message = `${key} has more than ${maximum} bytes, which is all that this medium takes`
  return coreError('LIMIT_EXCEEDED', message, { limit: 'maxBlobBytes', maximum })
}

import { addDetails } from '../result/error.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { BlobBody, BlobInfo, PutError, PutManyError } from './blob-store.ts'

/** `putMany` for a medium that gains nothing from doing several puts at once. */
export async function putEach(
  blobs: Iterable<readonly [key: string, body: BlobBody]>,
  put: (key: string, body: BlobBody) => AsyncResult<BlobInfo, PutError>,
): AsyncResult<BlobInfo[], PutManyError> {
  const written: BlobInfo[] = []
  for (const [key, body] of blobs) {
    const result = await put(key, body)
    if (!result.ok) return err(addWritten(result.error, written))
    written.push(result.value)
  }
  return ok(written)
}

/** A put's error with the keys that were stored before it. */
export function addWritten(error: PutError, written: readonly BlobInfo[]): PutManyError {
  return addDetails(error, { written: written.map((info) => info.key) })
}

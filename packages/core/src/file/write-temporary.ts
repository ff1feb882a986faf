import { bodyError, piecesOf } from '../blob/blob-body.ts'
import type { BlobBody, BlobInfo, PutError } from '../blob/blob-store.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { FileSystem, WritableFile } from './file-system.ts'
import { blobInfo } from './read-file.ts'
import { systemFailure } from './system-failure.ts'

/**
 * Writes a body under a name that no reader looks at, and syncs its bytes if it is to be durable.
 * On a failure nothing stays behind, as far as the medium allows.
 */
export async function writeTemporary(
  fs: FileSystem,
  temporary: string,
  key: string,
  body: BlobBody,
  durable: boolean,
): AsyncResult<BlobInfo, PutError> {
  let file: WritableFile | undefined
  try {
    file = await fs.create(temporary)
    await writeBody(file, body)
    if (durable) await file.datasync()
    const stat = await file.stat()
    const open = file
    file = undefined
    await open.close()
    return ok(blobInfo(key, stat))
  } catch (error) {
    await file?.close().catch(() => undefined)
    await fs.unlink(temporary).catch(() => undefined)
    if (error instanceof BodyFailure) return err(bodyError(key, error.cause))
    return err(systemFailure('put', key, error))
  }
}

/** Tells a failure of the caller's stream from one of the disk. */
class BodyFailure extends Error {}

async function writeBody(file: WritableFile, body: BlobBody): Promise<void> {
  if (body instanceof Uint8Array) return file.write(body, 0)
  let position = 0
  const pieces = piecesOf(body)[Symbol.asyncIterator]()
  for (;;) {
    const next = await pieces.next().catch((cause: unknown) => {
      throw new BodyFailure('the source failed', { cause })
    })
    if (next.done === true) return
    await file.write(next.value, position)
    position += next.value.length
  }
}

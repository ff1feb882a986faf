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

/** Writes go out in pieces of at least this size. */
const GATHER_BYTES = 1024 * 1024

/** Tells a failure of the caller's stream from one of the disk. */
class BodyFailure extends Error {}

async function writeBody(file: WritableFile, body: BlobBody): Promise<void> {
  if (body instanceof Uint8Array) return file.write(body, 0)
  let position = 0
  // Small pieces are gathered: a write of 64 KiB reaches a third of the speed of one of 1 MiB.
  const gathered = new Uint8Array(GATHER_BYTES)
  let held = 0
  const flush = async (): Promise<void> => {
    if (held > 0) await file.write(gathered.subarray(0, held), position)
    position += held
    held = 0
  }
  const pieces = piecesOf(body)[Symbol.asyncIterator]()
  for (;;) {
    const next = await pieces.next().catch((cause: unknown) => {
      throw new BodyFailure('the source failed', { cause })
    })
    if (next.done === true) return flush()
    const piece = next.value
    if (held + piece.length > GATHER_BYTES) await flush()
    if (piece.length < GATHER_BYTES) {
      gathered.set(piece, held)
      held += piece.length
      continue
    }
    await file.write(piece, position)
    position += piece.length
  }
}

import { sha256 } from '#digest'
import { concat, piecesOf } from '../blob/blob-body.ts'
import type { BlobBody, BlobStore, CallOptions, PutError } from '../blob/blob-store.ts'
import { toHex } from '../digest/hex.ts'
import type { CoreError } from '../result/core-errors.ts'
import { ok, unwrap, type AsyncResult } from '../result/result.ts'
import type { InBlob } from './manifest.ts'

/** A piece is what is verified before any of it is handed out, and what is held in memory. */
export const PIECE_BYTES: number = 1024 * 1024

/** A staged blob: where it is, and how long. */
export interface Staged {
  readonly at: InBlob
  readonly sizeBytes: number
}

/** Stores a large entry in a blob of its own, taking the digest of each piece as it passes. */
export async function stage(
  store: BlobStore,
  blob: string,
  body: BlobBody,
  options?: CallOptions,
): AsyncResult<Staged, PutError> {
  const digests: string[] = []
  let sizeBytes = 0
  async function* hashed(): AsyncIterable<Uint8Array> {
    for await (const piece of inPieces(body)) {
      digests.push(toHex(sha256(piece)))
      sizeBytes += piece.length
      yield piece
    }
  }
  const put = await store.put(blob, hashed(), { ...options, if: 'absent' })
  return put.ok ? ok({ at: { blob, pieces: digests }, sizeBytes }) : put
}

/**
 * The bytes of a staged entry, each piece verified before it is handed out. Throws `CORRUPTED` at
 * the first that is not what was written.
 */
export async function* readStaged(
  store: BlobStore,
  { at, sizeBytes }: Staged,
  damaged: (reason: string) => CoreError<'CORRUPTED'>,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  const blob = unwrap(await store.get(at.blob, options))
  if (blob === undefined) throw damaged('its blob is missing')
  if (blob.sizeBytes !== sizeBytes) throw damaged('its blob has another length')
  let index = 0
  for await (const piece of inPieces(blob.stream())) {
    if (toHex(sha256(piece)) !== at.pieces[index])
      throw damaged(`piece ${index} has another digest`)
    index += 1
    yield piece
  }
  if (index !== at.pieces.length) throw damaged('its blob ended early')
}

/** Cuts any stream into pieces of 1 MiB, the last one shorter. */
async function* inPieces(body: BlobBody): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const part of piecesOf(body)) {
    for (let rest = part; rest.length > 0;) {
      const taken = rest.subarray(0, PIECE_BYTES - heldBytes)
      rest = rest.subarray(taken.length)
      if (heldBytes === 0 && taken.length === PIECE_BYTES) yield taken
      else {
        // A source may use its buffer again once it is asked for more.
        held.push(taken.slice())
        heldBytes += taken.length
      }
      if (heldBytes < PIECE_BYTES) continue
      yield concat(held)
      held = []
      heldBytes = 0
    }
  }
  if (heldBytes > 0) yield concat(held)
}

import { sha256 } from '#digest'
import { inPieces } from '../blob/blob-body.ts'
import type { BlobBody, BlobStore, CallOptions, PutError } from '../blob/blob-store.ts'
import { toHex } from '../digest/hex.ts'
import type { CoreError } from '../result/core-errors.ts'
import { ok, unwrap, type AsyncResult } from '../result/result.ts'
import type { InBlob } from './manifest.ts'

/** A piece is what is verified before any of it is handed out, and what is held in memory. */
export const PIECE_BYTES: number = 1024 * 1024

/** A staged blob: where it is, with the digest of each piece, and how long. */
export interface Staged {
  readonly at: InBlob
  readonly sizeBytes: number
}

/**
 * Stores what is too large for a record in a blob of its own, taking the digest of each piece of
 * 1 MiB as it passes. Nothing names it yet: a record that holds what this gives does.
 *
 * The key carries the number of the record that it is for. When that number is taken and no live
 * record names the blob, it is garbage; a writer that lost the number stages again.
 *
 * @example
 * import { concat, coreError, MemoryBlobStore, readStaged, stage, unwrap } from '@tidemark/core'
 *
 * const store = new MemoryBlobStore()
 * const staged = unwrap(await stage(store, 'blob/0007-nonce', new Uint8Array([1, 2, 3])))
 * const damaged = (reason) => coreError('CORRUPTED', reason, { what: 'blob', reason })
 * const pieces = []
 * for await (const piece of readStaged(store, staged, damaged)) pieces.push(piece)
 * concat(pieces) // => new Uint8Array([1, 2, 3])
 */
export async function stage(
  store: BlobStore,
  blob: string,
  body: BlobBody,
  options?: CallOptions,
): AsyncResult<Staged, PutError> {
  const digests: string[] = []
  let sizeBytes = 0
  async function* hashed(): AsyncIterable<Uint8Array> {
    for await (const part of inPieces(body, PIECE_BYTES)) {
      // What is written is what was hashed, whatever the caller does to its array meanwhile.
      const piece = body instanceof Uint8Array ? part.slice() : part
      digests.push(toHex(sha256(piece)))
      sizeBytes += piece.length
      yield piece
    }
  }
  const put = await store.put(blob, hashed(), options)
  return put.ok ? ok({ at: { blob, pieces: digests }, sizeBytes }) : put
}

/**
 * The bytes of a staged entry, or of a range of it; each piece is verified before any of it is
 * handed out. Throws `CORRUPTED` at the first that is not what was written.
 */
export async function* readStaged(
  store: BlobStore,
  { at, sizeBytes }: Staged,
  damaged: (reason: string) => CoreError<'CORRUPTED'>,
  options?: ReadStagedOptions,
): AsyncGenerator<Uint8Array, void> {
  const { start, end } = options?.range ?? { start: 0, end: sizeBytes }
  if (at.pieces.length !== Math.ceil(sizeBytes / PIECE_BYTES)) throw damaged('pieces are missing')
  let index = Math.floor(start / PIECE_BYTES)
  const last = Math.ceil(end / PIECE_BYTES)
  // Whole pieces are read, for only they can be verified.
  const range = { start: index * PIECE_BYTES, end: Math.max(last, index) * PIECE_BYTES }
  const blob = unwrap(await store.get(at.blob, { ...options, range }))
  if (blob === undefined) throw damaged('its blob is missing')
  if (blob.sizeBytes !== sizeBytes) throw damaged('its blob has another length')
  for await (const piece of inPieces(blob.stream(), PIECE_BYTES, { isOwned: true })) {
    if (toHex(sha256(piece)) !== at.pieces[index])
      throw damaged(`piece ${index} has another digest`)
    const offset = index * PIECE_BYTES
    index += 1
    yield piece.subarray(Math.max(start - offset, 0), end - offset)
  }
  if (start < end && index !== last) throw damaged('its blob ended early')
}

/** Options of {@link readStaged}. */
export interface ReadStagedOptions extends CallOptions {
  /** A range within the entry; all of it unless said. */
  readonly range?: { readonly start: number; readonly end: number }
}

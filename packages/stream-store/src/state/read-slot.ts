import { coreError, unwrap, type BlobStore, type CallOptions, type CoreError } from '@tidemark/core'
import { pieceDigest } from './piece-digest.ts'
import { inPieces, readAhead } from './pieces.ts'
import type { SlotPart } from './slot.ts'

/** So many pieces are read and hashed while one is worked on: enough to keep two cores busy. */
const PIECES_AHEAD = 3

/** Where the bytes of a checkpoint's state are. */
export interface StateSourcePlace {
  readonly store: BlobStore
  /** The keys of its blobs, in order. */
  readonly keys: readonly string[]
  /** For messages: which checkpoint. */
  readonly checkpointId: bigint
}

/**
 * The bytes of parts, each piece verified before it is handed out: whoever reads to the end without
 * an error has read exactly what was put. Throws `CORRUPTED` at the first that is not.
 */
export async function* readParts(
  place: StateSourcePlace,
  parts: readonly SlotPart[],
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  for (const part of parts) {
    let index = 0
    let left = part.sizeBytes
    const hashed = withDigests(inPieces(rawPart(place, part, options)))
    for await (const { piece, digest } of readAhead(hashed, PIECES_AHEAD)) {
      if ((await digest) !== part.pieces[index]) {
        throw damaged(place, part, `piece ${index} has another digest`)
      }
      index += 1
      left -= piece.length
      yield piece
    }
    if (left !== 0 || index !== part.pieces.length) throw damaged(place, part, 'it ended early')
  }
}

/** Each piece with its digest, which is begun as soon as the piece is there. */
async function* withDigests(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ readonly piece: Uint8Array; readonly digest: Promise<string> }, void> {
  for await (const piece of pieces) {
    const digest = Promise.resolve(pieceDigest(piece))
    // Whoever stops before this piece does not ask for its digest.
    digest.catch(() => undefined)
    yield { piece, digest }
  }
}

/** The bytes of a part as they lie there: for state that has one digest over all of it. */
export async function* rawPart(
  place: StateSourcePlace,
  part: SlotPart,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  const key = place.keys[part.blob]
  if (key === undefined) throw damaged(place, part, 'there is no such blob')
  const range = { start: part.offset, end: part.offset + part.sizeBytes }
  const blob = unwrap(await place.store.get(key, { ...options, range }))
  if (blob === undefined) throw damaged(place, part, 'its blob is missing')
  if (blob.sizeBytes < range.end) throw damaged(place, part, 'its blob is too short')
  yield* blob.stream()
}

/** The error for state that is not what was written. */
export function damaged(
  { checkpointId, keys }: StateSourcePlace,
  part: SlotPart | undefined,
  reason: string,
): CoreError<'CORRUPTED'> {
  const key = part === undefined ? undefined : keys[part.blob]
  const message = `state of checkpoint ${checkpointId} is damaged: ${reason}`
  const named = key === undefined ? {} : { key }
  const details = { what: 'state', reason, identifier: String(checkpointId), ...named }
  return coreError('CORRUPTED', message, details)
}

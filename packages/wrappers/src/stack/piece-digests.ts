import { concat, inPieces, sha256, sha256Stream, equalTags } from '@tidemark/core'

/** What is verified before any of it is handed out; core's staged blobs have the same pieces. */
export const PIECE_BYTES: number = 1024 * 1024

/** Bytes of a SHA-256. */
export const DIGEST_BYTES = 32

/** The digests of the pieces of a stream, taken as it passes. */
export class PieceDigests {
  readonly #digests: Uint8Array[] = []
  #piece = sha256Stream()
  #pieceBytes = 0

  async *of(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const part of stream) {
      for (let rest = part; rest.length > 0;) {
        const taken = rest.subarray(0, PIECE_BYTES - this.#pieceBytes)
        rest = rest.subarray(taken.length)
        this.#piece.update(taken)
        this.#pieceBytes += taken.length
        if (this.#pieceBytes === PIECE_BYTES) this.#finishPiece()
      }
      yield part
    }
    if (this.#pieceBytes > 0 || this.#digests.length === 0) this.#finishPiece()
  }

  /** One after the other; there is at least one, of nothing. */
  get all(): Uint8Array {
    return concat(this.#digests)
  }

  #finishPiece(): void {
    this.#digests.push(this.#piece.digest())
    this.#piece = sha256Stream()
    this.#pieceBytes = 0
  }
}

/** How many pieces so many stored bytes have. */
export function countPieces(storedBytes: number): number {
  return Math.max(1, Math.ceil(storedBytes / PIECE_BYTES))
}

/**
 * Hands out pieces that have their digests, and throws `refused` at the first that does not: also
 * when some are missing or too many.
 */
export async function* verifiedPieces(
  stored: AsyncIterable<Uint8Array>,
  digests: Uint8Array,
  first: number,
  end: number,
  refused: (reason: string) => Error,
): AsyncIterable<Uint8Array> {
  let index = first
  for await (const piece of inPieces(stored, PIECE_BYTES, { isOwned: true })) {
    if (!isPiece(piece, digests, index)) throw refused(`piece ${index} has another digest`)
    index += 1
    yield piece
  }
  // Of nothing there is one piece, and no stream shows it.
  if (index === 0 && end === 1 && isPiece(new Uint8Array(), digests, 0)) return
  if (index !== end) throw refused('pieces are missing')
}

function isPiece(piece: Uint8Array, digests: Uint8Array, index: number): boolean {
  const at = index * DIGEST_BYTES
  return equalTags(sha256(piece), digests.subarray(at, at + DIGEST_BYTES))
}

import { sha256, toHex } from '@tidemark/core'

/** Below this the way to another thread and back costs more than the digest. */
const OTHER_THREAD_BYTES = 128 * 1024

/**
 * SHA-256 of a piece, hex. A large one is hashed beside everything else where the platform can: so
 * neither a save nor a restore holds the event loop up, and pieces are hashed at the same time.
 *
 * The bytes are taken as they are when this is called.
 */
export function pieceDigest(piece: Uint8Array): string | Promise<string> {
  const { subtle } = globalThis.crypto
  // A page that was not served securely has no `subtle`; shared memory is not accepted by it.
  if (piece.length < OTHER_THREAD_BYTES || subtle === undefined || !isUnshared(piece)) {
    return toHex(sha256(piece))
  }
  return subtle.digest('SHA-256', piece).then((digest) => toHex(new Uint8Array(digest)))
}

function isUnshared(piece: Uint8Array): piece is Uint8Array<ArrayBuffer> {
  return piece.buffer instanceof ArrayBuffer
}

import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type Result } from '../result/result.ts'
import type { BlobBody, GetOptions } from './blob-store.ts'

/** The pieces of a body, whichever form it has. */
export async function* piecesOf(body: BlobBody): AsyncIterable<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield body
    return
  }
  for await (const piece of body) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('a body yields Uint8Array pieces')
    yield piece
  }
}

/** Options of {@link inPieces}. */
export interface InPiecesOptions {
  /** The source does not use the memory of a piece again: none is copied that need not be. */
  readonly isOwned?: boolean
}

/** Cuts any stream into pieces of one size, the last one shorter. Of nothing there is none. */
export async function* inPieces(
  body: BlobBody,
  pieceBytes: number,
  { isOwned = false }: InPiecesOptions = {},
): AsyncIterable<Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const part of piecesOf(body)) {
    for (let rest = part; rest.length > 0;) {
      const taken = rest.subarray(0, pieceBytes - heldBytes)
      rest = rest.subarray(taken.length)
      if (heldBytes === 0 && taken.length === pieceBytes) yield taken
      else {
        // A source may use its buffer again once it is asked for more.
        held.push(isOwned ? taken : taken.slice())
        heldBytes += taken.length
      }
      if (heldBytes < pieceBytes) continue
      yield joined(held)
      held = []
      heldBytes = 0
    }
  }
  if (heldBytes > 0) yield joined(held)
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces
  return first !== undefined && pieces.length === 1 ? first : concat(pieces)
}

/** The error for a body whose source failed while it was read. */
export function bodyError(key: string, cause: unknown): CoreError<'INVALID_ARGUMENT'> {
  const details = { argument: 'body', reason: 'its source failed' }
  return coreError(
    'INVALID_ARGUMENT',
    `the body of ${key} could not be read to its end`,
    details,
    cause,
  )
}

/** Joins pieces into one array. */
export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** The part of `sizeBytes` bytes that a range asks for; a range past the end is cut. */
export function resolveRange(
  range: GetOptions['range'],
  sizeBytes: number,
): Result<{ start: number; end: number }, CoreError<'INVALID_ARGUMENT'>> {
  const start = range?.start ?? 0
  const end = range?.end ?? Number.MAX_SAFE_INTEGER
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    const reason = 'start and end are safe integers with 0 <= start <= end'
    return err(coreError('INVALID_ARGUMENT', 'not a range', { argument: 'range', reason }))
  }
  return ok({ start: Math.min(start, sizeBytes), end: Math.min(end, sizeBytes) })
}

import {
  concat,
  coreError,
  err,
  isTidemarkError,
  ok,
  type AsyncResult,
  type CoreError,
  type PutError,
  type Result,
  type Sha256,
} from '@tidemark/core'
import { addPiece, type OpenPart, type PackWriter } from './pack-writer.ts'
import { pieceDigest } from './piece-digest.ts'
import { inPieces, viewsOf, type StateSource } from './pieces.ts'
import { INLINE_SLOT_BYTES, INLINE_TOTAL_BYTES, type SlotPart } from './slot.ts'
import { nextTurn } from './turn.ts'

/** Where staged bytes are: small ones in memory until their record is written. */
export type Staged = { readonly inline: Uint8Array } | { readonly parts: readonly SlotPart[] }

/** Why bytes were not staged. */
export type StageError = PutError | CoreError<'INVALID_ARGUMENT'>

/** How bytes are staged. */
export interface StageOptions {
  readonly pack: PackWriter
  /** Room left in the record. */
  readonly inlineLeft: number
  /**
   * One digest over everything, instead of one for each piece of 1 MiB. The source is chunks that
   * nobody changes meanwhile.
   */
  readonly whole?: Sha256
}

/**
 * Stages the bytes of a source: up to 64 KiB to go into the record, more of them in a blob. The
 * source is asked for a piece when the medium has taken the one before, and is hashed while the
 * medium writes.
 */
export async function stageState(
  source: StateSource,
  options: StageOptions,
): AsyncResult<{ readonly staged: Staged; readonly sizeBytes: number }, StageError> {
  const { pack, whole } = options
  const parts: OpenPart[] = []
  let small: Uint8Array[] | undefined = []
  let sizeBytes = 0
  const limit = Math.min(INLINE_SLOT_BYTES, options.inlineLeft)
  const pieces = whole === undefined ? inPieces(source) : viewsOf(source)
  for (;;) {
    const next = await pull(pieces)
    if (!next.ok) return next
    if (next.value === undefined) break
    const piece = next.value
    sizeBytes += piece.length
    if (small !== undefined && sizeBytes <= limit) {
      whole?.update(piece)
      small.push(piece.slice())
      continue
    }
    small = undefined
    const written = await writePiece(pack, piece, parts, whole)
    if (!written.ok) return written
  }
  if (small !== undefined) return ok({ staged: { inline: concat(small) }, sizeBytes })
  return ok({ staged: { parts }, sizeBytes })
}

async function writePiece(
  pack: PackWriter,
  piece: Uint8Array,
  parts: OpenPart[],
  whole: Sha256 | undefined,
): AsyncResult<void, PutError> {
  const place = await pack.place(piece.length)
  if (!place.ok) return place
  if (whole === undefined) {
    const [written, digest] = await Promise.all([pack.write(piece), pieceDigest(piece)])
    addPiece(parts, place.value, piece.length, digest)
    return written
  }
  const writing = pack.write(piece)
  await nextTurn()
  whole.update(piece)
  addPiece(parts, place.value, piece.length, undefined)
  return writing
}

/** The caller's source is not ours: what it throws is its failure, not a bug. */
async function pull(
  pieces: AsyncGenerator<Uint8Array, void>,
): Promise<Result<Uint8Array | undefined, CoreError<'INVALID_ARGUMENT'>>> {
  try {
    const next = await pieces.next()
    return ok(next.done === true ? undefined : next.value)
  } catch (cause) {
    const why = isTidemarkError(cause) ? ` (${cause.code})` : ''
    const details = { argument: 'source', reason: 'it failed before its end' }
    const message = `the source of this state failed before its end${why}`
    return err(coreError('INVALID_ARGUMENT', message, details, cause))
  }
}

/** Small state, gathered for one record. */
export class InlineBytes {
  readonly #pieces: Uint8Array[] = []
  #length = 0

  /** What may still be added. */
  get left(): number {
    return INLINE_TOTAL_BYTES - this.#length
  }

  /** Adds bytes; gives the place where they will be. */
  add(bytes: Uint8Array): number {
    const at = this.#length
    this.#pieces.push(bytes)
    this.#length += bytes.length
    return at
  }

  /** Everything, as it goes into the record. */
  bytes(): Uint8Array {
    return concat(this.#pieces)
  }
}

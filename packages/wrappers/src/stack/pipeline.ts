import {
  isJsonObject,
  isTidemarkError,
  piecesOf,
  randomBytes,
  type BlobBody,
  type JsonObject,
} from '@tidemark/core'
import type { EntryContext, Extent, Layer, LayerError, Range, Window } from '../layer.ts'
import { damaged, forged, type Where } from '../refusal.ts'
import type { EntryRecord } from './attachment.ts'
import {
  countPieces,
  DIGEST_BYTES,
  PIECE_BYTES,
  PieceDigests,
  verifiedPieces,
} from './piece-digests.ts'

/** What an encrypting layer gets for each put. */
const SALT_BYTES = 32

const NOTHING = new Uint8Array()

/** A value on its way to the medium. */
export interface Passage {
  readonly stored: AsyncIterable<Uint8Array>
  /** What is known of it once it has passed. */
  record(): EntryRecord
}

/** An entry as it lies below the layers. */
export interface Lying extends EntryRecord {
  readonly identifier: string
  readonly key: string
  readonly storedBytes: number
  readonly open: (range: Range) => AsyncIterable<Uint8Array>
  readonly seals: JsonObject
}

/** What values pass through, in both directions. */
export class Pipeline {
  readonly layers: readonly Layer[]
  readonly #transforms: readonly Layer[]
  readonly #isSalted: boolean
  /** The layer that answers for stored bytes, if one does: the outermost that seals digests. */
  readonly #digester: Layer | undefined
  /** The layer that answers for what was attached: one with a key, if there is one. */
  readonly #keeper: Layer | undefined

  constructor(layers: readonly Layer[]) {
    this.layers = layers
    this.#transforms = layers.filter((layer) => layer.forward !== undefined)
    this.#isSalted = layers.some(({ kind }) => kind === 'encrypt')
    this.#digester = layers.findLast(({ kind }) => kind === 'checksum' || kind === 'seal')
    this.#keeper = layers.findLast(isKeyed) ?? layers.at(-1)
  }

  /** The value through all layers. `isOwned`: nobody changes the memory of the body any more. */
  forward(identifier: string, key: string, body: BlobBody, isOwned = false): Passage {
    const salt = this.#isSalted ? randomBytes(SALT_BYTES) : NOTHING
    const context = { identifier, key, salt, seal: undefined }
    const meter = new Meter()
    const digests = this.#digester === undefined ? undefined : new PieceDigests()
    const isRead = body instanceof Uint8Array && this.#transforms[0]?.readsOnce === true
    let stored = meter.of(body, isOwned || isRead)
    for (const layer of this.#transforms) stored = layer.forward?.(stored, context) ?? stored
    if (digests !== undefined) stored = digests.of(stored)
    const record = (): EntryRecord => {
      return { sizeBytes: meter.bytes, salt, digests: digests?.all ?? NOTHING }
    }
    return { stored, record }
  }

  /** A range of the value again, each byte as verified as the layers can. */
  async *backward(lying: Lying, range: Range): AsyncIterable<Uint8Array> {
    if (range.start === range.end && lying.sizeBytes > 0) return
    const window = this.#window(lying, range)
    let stream = this.#stored(lying, window.stored)
    const extent = { start: window.stored.start, toEnd: window.stored.end === lying.storedBytes }
    for (const layer of this.#transforms.toReversed()) {
      const { identifier, key, salt } = lying
      const context = { identifier, key, salt, seal: sealOf(lying.seals, layer) }
      stream = undone(layer, stream, context, extent)
    }
    yield* this.#cut(stream, window.first, lying, range)
  }

  /** The error for a checkpoint, or an entry, that is not what was attached to it. */
  refusal(where: Where, reason: string): LayerError {
    return refusedBy(this.#keeper, where, reason)
  }

  /** Which stored bytes are needed: a part, if one layer at most changes where bytes lie. */
  #window({ storedBytes, sizeBytes }: Lying, range: Range): Window {
    const [only] = this.#transforms
    const whole = { stored: { start: 0, end: storedBytes }, first: 0 }
    const isAll = range.start === 0 && range.end === sizeBytes
    if (this.#transforms.length > 1 || isAll) return whole
    const identity = { stored: range, first: range.start }
    const window = only === undefined ? identity : (only.window?.(range) ?? whole)
    const end = Math.min(window.stored.end, storedBytes)
    return { ...window, stored: { start: Math.min(window.stored.start, end), end } }
  }

  async *#stored(lying: Lying, { start, end }: Range): AsyncIterable<Uint8Array> {
    if (this.#digester === undefined) {
      yield* lying.open({ start, end })
      return
    }
    const count = countPieces(lying.storedBytes)
    const refused = (reason: string): LayerError => refusedBy(this.#digester, lying, reason)
    if (lying.digests.length !== count * DIGEST_BYTES) throw refused('it has another length')
    const [first, last] = [Math.floor(start / PIECE_BYTES), countPieces(end)]
    // Whole pieces are read, for only they can be verified.
    const range = {
      start: first * PIECE_BYTES,
      end: Math.min(last * PIECE_BYTES, lying.storedBytes),
    }
    const pieces = verifiedPieces(lying.open(range), lying.digests, first, last, refused)
    yield* cut(pieces, range.start, { start, end })
  }

  async *#cut(
    stream: AsyncIterable<Uint8Array>,
    first: number,
    { sizeBytes, ...lying }: Lying,
    range: Range,
  ): AsyncIterable<Uint8Array> {
    let at = first
    for await (const piece of stream) {
      const begins = at
      at += piece.length
      // More than was sealed is as wrong as less.
      if (at > sizeBytes) break
      const part = piece.subarray(Math.max(0, range.start - begins), range.end - begins)
      if (part.length > 0) yield part
      if (at >= range.end && range.end < sizeBytes) return
    }
    if (at !== sizeBytes) throw this.refusal(lying, 'it has another length')
  }
}

function isKeyed({ kind }: Layer): boolean {
  return kind === 'encrypt' || kind === 'seal'
}

/** A layer with a key speaks of forgery, one without of damage. */
function refusedBy(layer: Layer | undefined, where: Where, reason: string): LayerError {
  const isForgery = layer !== undefined && isKeyed(layer)
  return (isForgery ? forged : damaged)(layer?.id ?? '', where, reason)
}

/** Counts a body, and makes each piece of it the reader's own. */
class Meter {
  bytes = 0

  async *of(body: BlobBody, isOwned: boolean): AsyncIterable<Uint8Array> {
    for await (const piece of piecesOf(body)) {
      this.bytes += piece.length
      if (isOwned) yield piece
      else yield* copied(piece)
    }
  }
}

function* copied(piece: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < piece.length; at += PIECE_BYTES) yield piece.slice(at, at + PIECE_BYTES)
}

/** What a layer makes of what is stored. What it throws beside errors of ours is damage, too. */
async function* undone(
  layer: Layer,
  stored: AsyncIterable<Uint8Array>,
  entry: EntryContext,
  extent: Extent,
): AsyncIterable<Uint8Array> {
  try {
    yield* layer.backward?.(stored, entry, extent) ?? stored
  } catch (thrown) {
    throw isTidemarkError(thrown) ? thrown : damaged(layer.id, entry, 'it cannot be read', thrown)
  }
}

/** The part of a stream that a range asks for; the stream begins at `first`. */
async function* cut(
  stream: AsyncIterable<Uint8Array>,
  first: number,
  { start, end }: Range,
): AsyncIterable<Uint8Array> {
  let at = first
  for await (const piece of stream) {
    const part = piece.subarray(Math.max(0, start - at), Math.max(0, end - at))
    at += piece.length
    if (part.length > 0) yield part
  }
}

/** What a layer's own seal says, or nothing. */
export function sealOf(seals: JsonObject, { id }: Layer): JsonObject | undefined {
  const seal = Object.hasOwn(seals, id) ? seals[id] : undefined
  return isJsonObject(seal) ? seal : undefined
}

import { concat, type BlobBody } from '@tidemark/core'
import { PIECE_BYTES } from './slot.ts'

/** What state is given as: bytes, or pieces of bytes that are read once. */
export type StateSource = BlobBody | Iterable<Uint8Array>

/** The pieces of a source as they come. A source that yields anything but bytes is refused. */
export async function* bytesOf(source: StateSource): AsyncGenerator<Uint8Array, void> {
  if (source instanceof Uint8Array) {
    yield source
    return
  }
  for await (const piece of source) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('state is Uint8Array pieces')
    yield piece
  }
}

/**
 * Cuts any source into pieces of 1 MiB, the last one shorter. A piece is a view of the source where
 * it can be, so the source must not change its bytes until it is asked for more.
 */
export async function* inPieces(source: StateSource): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const part of bytesOf(source)) {
    for (let rest = part; rest.length > 0;) {
      const taken = rest.subarray(0, PIECE_BYTES - heldBytes)
      rest = rest.subarray(taken.length)
      if (taken.length === PIECE_BYTES) {
        yield taken
        continue
      }
      // A source may use its buffer again once it is asked for more.
      held.push(rest.length > 0 ? taken : taken.slice())
      heldBytes += taken.length
      if (heldBytes < PIECE_BYTES) continue
      yield concat(held)
      held = []
      heldBytes = 0
    }
  }
  if (heldBytes > 0) yield held.length === 1 && held[0] !== undefined ? held[0] : concat(held)
}

/** Chunks shorter than this are joined, so that each piece is worth a turn. */
const JOINED_BYTES = PIECE_BYTES / 4

/** Longer ones are cut: hashing a piece of this size still takes but a few milliseconds. */
const CUT_BYTES = 4 * PIECE_BYTES

/**
 * Chunks that do not change, as they are: long ones cut, short ones joined, no others copied. Every
 * piece but the last has 256 KiB or more.
 */
export async function* viewsOf(source: StateSource): AsyncGenerator<Uint8Array, void> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of bytesOf(source)) {
    for (let rest = chunk; rest.length > 0;) {
      const taken = rest.subarray(0, heldBytes === 0 ? CUT_BYTES : JOINED_BYTES - heldBytes)
      rest = rest.subarray(taken.length)
      if (heldBytes === 0 && taken.length >= JOINED_BYTES) {
        yield taken
        continue
      }
      held.push(taken)
      heldBytes += taken.length
      if (heldBytes < JOINED_BYTES) continue
      yield concat(held)
      held = []
      heldBytes = 0
    }
  }
  if (heldBytes > 0) yield concat(held)
}

/** The same pieces, so many more already asked for while one is worked on. */
export async function* readAhead<T>(
  pieces: AsyncIterable<T>,
  ahead: number = 1,
): AsyncGenerator<T, void> {
  const source = pieces[Symbol.asyncIterator]()
  const asked: Promise<IteratorResult<T, unknown>>[] = []
  const ask = (): void => {
    const next = source.next()
    // Its failure is reported when its turn comes, also if nobody asks for it.
    next.catch(() => undefined)
    asked.push(next)
  }
  try {
    for (ask(); ;) {
      const current = await asked.shift()
      if (current === undefined || current.done === true) return
      while (asked.length < ahead) ask()
      yield current.value
    }
  } finally {
    await Promise.allSettled(asked)
    await source.return?.()
  }
}

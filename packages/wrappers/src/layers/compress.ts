import { blockCompressor } from '#deflate'
import { concat, inPieces } from '@tidemark/core'
import type { Compression } from '../deflate/deflate.ts'
import type { EntryContext, Layer } from '../layer.ts'
import { damaged, tooMuch } from '../refusal.ts'

/** Options of {@link compress}. */
export interface CompressOptions {
  /** `zstd` where the runtime has it (Node 22.15), else `stack` says `UNSUPPORTED`. Default `gzip`. */
  readonly format?: Compression
  /** No entry may expand to more, when written or read. Default 16 GiB. */
  readonly maxInflatedBytes?: number
  /**
   * No block may expand by more when read; one that would is stored as it is. Default 1100: beyond
   * what gzip and deflate can do, so only other formats ever meet it.
   */
  readonly maxRatio?: number
}

/** A block is compressed alone: what is held in memory, and what a lie can make of it. */
const BLOCK_BYTES: number = 1024 * 1024

/** Kind of block, length of the original, length of what is stored (u32 big-endian). */
const HEADER_BYTES = 9

/** Below this, headers outweigh what is won. */
const MIN_BLOCK_BYTES = 512

const MAX_INFLATED_BYTES: number = 16 * 2 ** 30
const MAX_RATIO = 1100

const AS_IT_IS = 0
const COMPRESSED = 1

/**
 * Compresses values in blocks of 1 MiB; what does not shrink is stored as it is. What a block
 * claims is checked before it is expanded: beyond the limits it is `LIMIT_EXCEEDED`, before any
 * memory is taken.
 *
 * The length of what is stored tells of its content: never compress a secret together with text
 * that somebody else chose.
 *
 * @example
 * import { MemoryStorage, unwrap } from '@tidemark/core'
 * import { compress, stack } from '@tidemark/wrappers'
 *
 * const storage = unwrap(await stack(new MemoryStorage(), compress()))
 * unwrap(await storage.save('report', { text: 'a'.repeat(100_000) })).generation // => 1
 */
export function compress(options: CompressOptions = {}): Layer<'compress'> {
  const { format = 'gzip' } = options
  const limits = {
    format,
    maxInflatedBytes: options.maxInflatedBytes ?? MAX_INFLATED_BYTES,
    maxRatio: options.maxRatio ?? MAX_RATIO,
  }
  return {
    kind: 'compress',
    id: format,
    version: 1,
    ...(blockCompressor.has(format) ? {} : { lacks: format }),
    forward: (body, entry) => shrink(body, entry, limits),
    backward: (stored, entry) => expand(stored, entry, limits),
  }
}

async function* shrink(
  body: AsyncIterable<Uint8Array>,
  entry: EntryContext,
  { format, maxInflatedBytes, maxRatio }: Required<CompressOptions>,
): AsyncIterable<Uint8Array> {
  let total = 0
  for await (const block of inPieces(body, BLOCK_BYTES, { isOwned: true })) {
    total += block.length
    // What could not be read again is not written.
    if (total > maxInflatedBytes) throw tooMuch('maxInflatedBytes', maxInflatedBytes, entry)
    const small =
      block.length < MIN_BLOCK_BYTES ? block : await blockCompressor.shrink(format, block)
    const isWon = small.length < block.length && block.length <= small.length * maxRatio
    const stored = isWon ? small : block
    yield header(isWon ? COMPRESSED : AS_IT_IS, block.length, stored.length)
    yield stored
  }
}

function header(kind: number, original: number, stored: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, kind)
  view.setUint32(1, original)
  view.setUint32(5, stored)
  return bytes
}

async function* expand(
  stored: AsyncIterable<Uint8Array>,
  entry: EntryContext,
  limits: Required<CompressOptions>,
): AsyncIterable<Uint8Array> {
  const source = new Reader(stored)
  let total = 0
  try {
    for (;;) {
      const head = await source.take(HEADER_BYTES)
      if (head.length === 0) return
      const claim = claimOf(head, entry, limits)
      total += claim.original
      if (total > limits.maxInflatedBytes) {
        throw tooMuch('maxInflatedBytes', limits.maxInflatedBytes, entry)
      }
      const bytes = await source.take(claim.stored)
      if (bytes.length < claim.stored) throw damaged(limits.format, entry, 'a block is cut short')
      yield claim.isCompressed
        ? await expandBlock(limits.format, bytes, claim.original, entry)
        : bytes
    }
  } finally {
    await source.close()
  }
}

/** What the header of a block claims. */
interface Claim {
  readonly isCompressed: boolean
  readonly original: number
  readonly stored: number
}

/** Believes nothing: what a block may make of itself is bounded before any of it is read. */
function claimOf(
  head: Uint8Array,
  entry: EntryContext,
  { format, maxRatio }: Required<CompressOptions>,
): Claim {
  if (head.length < HEADER_BYTES) throw damaged(format, entry, 'a block is cut short')
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const [kind, original, stored] = [view.getUint8(0), view.getUint32(1), view.getUint32(5)]
  if (original > BLOCK_BYTES) throw tooMuch('block', BLOCK_BYTES, entry)
  const isPlausible =
    (kind === COMPRESSED && stored < original) || (kind === AS_IT_IS && stored === original)
  if (!isPlausible) throw damaged(format, entry, 'a block makes no sense')
  if (original > stored * maxRatio) throw tooMuch('maxRatio', maxRatio, entry)
  return { isCompressed: kind === COMPRESSED, original, stored }
}

async function expandBlock(
  format: Compression,
  bytes: Uint8Array,
  original: number,
  entry: EntryContext,
): Promise<Uint8Array> {
  const block = await blockCompressor.expand(format, bytes, original).catch(() => {
    throw damaged(format, entry, 'a block cannot be expanded')
  })
  if (block === undefined) throw tooMuch('block', original, entry)
  if (block.length < original) throw damaged(format, entry, 'a block has another length')
  return block
}

/** Takes so many bytes at a time from a stream. */
class Reader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Uint8Array = new Uint8Array()

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]()
  }

  /** Fewer only at the end. */
  async take(length: number): Promise<Uint8Array> {
    const taken: Uint8Array[] = []
    let left = length
    while (left > 0) {
      if (this.#held.length === 0) {
        const next = await this.#pieces.next()
        if (next.done === true) break
        this.#held = next.value
      }
      const part = this.#held.subarray(0, left)
      this.#held = this.#held.subarray(part.length)
      left -= part.length
      taken.push(part)
    }
    return concat(taken)
  }

  async close(): Promise<void> {
    await this.#pieces.return?.()
  }
}

import { concat } from '@tidemark/core'
import type { BlockCompressor, Compression } from './deflate.ts'

const FORMATS: readonly Compression[] = ['gzip', 'deflate', 'zstd']

/** By the compression streams of the web. */
export const blockCompressor: BlockCompressor = {
  has: (format) => {
    if (!FORMATS.includes(format)) return false
    try {
      return makeShrinking(format) !== undefined
    } catch {
      return false
    }
  },
  shrink: async (format, block) => {
    const bytes = await through(makeShrinking(format), block, Infinity)
    return bytes ?? new Uint8Array()
  },
  expand: (format, block, maxBytes) => through(makeExpanding(format), block, maxBytes),
}

/** A stream of the web that bytes go through. */
interface Through {
  readonly writable: WritableStream<Uint8Array>
  readonly readable: ReadableStream<Uint8Array>
}

function makeShrinking(format: string): Through {
  return construct('CompressionStream', format)
}

function makeExpanding(format: string): Through {
  return construct('DecompressionStream', format)
}

/** Formats come with runtimes, later than with types. */
function construct(name: string, format: string): Through {
  const constructor: unknown = Reflect.get(globalThis, name)
  if (typeof constructor !== 'function') throw new TypeError(`this runtime has no ${name}`)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a constructor of the platform
  return Reflect.construct(constructor, [format]) as Through
}

/** What comes out, unless it is more than `maxBytes`: then no more is read. */
async function through(
  { writable, readable }: Through,
  block: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const writer = writable.getWriter()
  // Its failure is that of the reading end, which is looked at below.
  const written = Promise.allSettled([writer.write(block), writer.close()])
  const reader = readable.getReader()
  const pieces: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > maxBytes) {
      await reader.cancel().catch(() => undefined)
      await written
      return undefined
    }
    pieces.push(value)
  }
  await written
  return concat(pieces)
}

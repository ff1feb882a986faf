import * as zlib from 'node:zlib'
import { promisify } from 'node:util'
import type { BlockCompressor, Compression } from './deflate.ts'

/** One direction of one format. */
type Run = (block: Uint8Array, options: zlib.ZlibOptions) => Promise<Uint8Array>

interface Runs {
  readonly shrink: Run
  readonly expand: Run
}

const RUNS: Readonly<Record<Compression, Runs | undefined>> = {
  gzip: { shrink: promisify(zlib.gzip), expand: promisify(zlib.gunzip) },
  deflate: { shrink: promisify(zlib.deflate), expand: promisify(zlib.inflate) },
  zstd: zstd(),
}

/** By the platform's own code, in its threads. */
export const blockCompressor: BlockCompressor = {
  has: (format) => RUNS[format] !== undefined,
  shrink: async (format, block) => plain(await runs(format).shrink(block, {})),
  expand: async (format, block, maxBytes) => {
    try {
      // zlib knows no limit of 0.
      const limit = { maxOutputLength: Math.max(1, maxBytes) }
      const expanded = plain(await runs(format).expand(block, limit))
      return expanded.length > maxBytes ? undefined : expanded
    } catch (error) {
      if (isTooLarge(error)) return undefined
      throw error
    }
  },
}

function runs(format: Compression): Runs {
  const found = RUNS[format]
  if (found === undefined) throw new TypeError(`this runtime has no ${format}`)
  return found
}

/** From Node 22.15 on. */
function zstd(): Runs | undefined {
  const [shrink, expand] = [later('zstdCompress'), later('zstdDecompress')]
  return shrink === undefined || expand === undefined ? undefined : { shrink, expand }
}

function later(name: string): Run | undefined {
  const run: unknown = Reflect.get(zlib, name)
  if (typeof run !== 'function') return undefined
  return (block, options) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, bytes: Uint8Array): void =>
        error === null ? resolve(bytes) : reject(error)
      Reflect.apply(run, zlib, [block, options, done])
    })
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}

/** The same bytes as a plain `Uint8Array`, so that no platform type leaves this file. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

import { MAX_KEY_BYTES } from './blob-key.ts'
import { MediumBlobStore } from './medium-blob-store.ts'
import type { Medium, MediumBlob, MediumFacts } from './medium.ts'

/**
 * Blobs in the memory of this process: with {@link MediumBlobStore}, the executable specification
 * of `BlobStore`.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 *
 * const store = new MemoryBlobStore()
 * unwrap(await store.put('a', new Uint8Array([1, 2, 3])))
 * unwrap(await unwrap(await store.get('a', { range: { start: 1 } }))?.bytes()) // => [2, 3]
 */
export class MemoryBlobStore extends MediumBlobStore {
  constructor() {
    super(new MemoryMedium())
  }
}

class MemoryMedium implements Medium {
  readonly supports = {
    durable: 'none',
    crossProcess: false,
    replaceIf: true,
    maxKeyBytes: MAX_KEY_BYTES,
  } as const
  /** Whoever keeps blobs in memory has their bytes there already. */
  readonly maxBlobBytes = Infinity
  readonly #blobs = new Map<string, MediumBlob>()
  #puts = 0

  read(key: string, { start, end }: { start: number; end: number }): MediumBlob | undefined {
    const held = this.#blobs.get(key)
    if (held === undefined || (start === 0 && end >= held.sizeBytes)) return held
    const { bytes, sizeBytes, version } = held
    return { bytes: bytes.subarray(start, end), sizeBytes, version }
  }

  create(key: string, body: Uint8Array): string | undefined {
    return this.#blobs.has(key) ? undefined : this.#write(key, body)
  }

  replace(key: string, body: Uint8Array, expected: string | undefined): string | undefined {
    const isExpected = expected === undefined || this.#blobs.get(key)?.version === expected
    return isExpected ? this.#write(key, body) : undefined
  }

  *list(prefix: string, after: string): Iterable<MediumFacts & { key: string }> {
    const keys = [...this.#blobs.keys()].filter((key) => key.startsWith(prefix) && key > after)
    for (const key of keys.sort()) {
      const held = this.#blobs.get(key)
      if (held !== undefined) yield { key, sizeBytes: held.sizeBytes, version: held.version }
    }
  }

  remove(key: string): void {
    this.#blobs.delete(key)
  }

  #write(key: string, bytes: Uint8Array): string {
    this.#puts += 1
    const version = `m${this.#puts}`
    this.#blobs.set(key, { bytes, sizeBytes: bytes.length, version })
    return version
  }
}

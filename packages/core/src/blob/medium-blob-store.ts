import { coreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import { resolveRange } from './blob-body.ts'
import { keyError, MAX_KEY_BYTES } from './blob-key.ts'
import type {
  BlobBody,
  BlobInfo,
  BlobStore,
  BlobStoreSupport,
  CallOptions,
  DeleteReport,
  GetOptions,
  ListOptions,
  PutError,
  PutManyError,
  PutOptions,
  ReadError,
  StoredBlob,
  Version,
} from './blob-store.ts'
import { collectBody } from './collect-body.ts'
import { abortError, closedError } from './gate.ts'
import { MAX_BLOB_BYTES, type Medium, type MediumBlob, type MediumFacts } from './medium.ts'
import { readFailure, writeFailure } from './medium-failure.ts'
import { putEach } from './put-each.ts'

/** What most media of five calls are. */
const USUAL = { replaceIf: false, ranges: true, streams: false, pins: true } as const

/** Pieces of this size leave a stream. */
const PIECE_BYTES = 1024 * 1024

const WHOLE = Number.MAX_SAFE_INTEGER

/**
 * A {@link BlobStore} over the five calls of a {@link Medium}: it checks what every medium would
 * have to check, so that a new one is only what is its own. See `docs/WRITE-A-MEDIUM.md`.
 *
 * @example
 * import { MediumBlobStore, unwrap } from '@tidemark/core'
 *
 * const blobs = new Map()
 * let puts = 0
 * const write = (key, bytes) => (blobs.set(key, { bytes, version: `${++puts}` }), `${puts}`)
 * const store = new MediumBlobStore({
 *   supports: { durable: 'none', crossProcess: false },
 *   read: (key, { start, end }) => {
 *     const found = blobs.get(key)
 *     if (found === undefined) return undefined
 *     return { ...found, sizeBytes: found.bytes.length, bytes: found.bytes.slice(start, end) }
 *   },
 *   create: (key, bytes) => (blobs.has(key) ? undefined : write(key, bytes)),
 *   replace: (key, bytes) => write(key, bytes),
 *   list: (prefix, after) =>
 *     [...blobs.keys()]
 *       .filter((key) => key.startsWith(prefix) && key > after)
 *       .sort()
 *       .map((key) => ({ key, sizeBytes: blobs.get(key).bytes.length, version: blobs.get(key).version })),
 *   remove: (key) => void blobs.delete(key),
 * })
 * unwrap(await store.put('a', new Uint8Array([1, 2, 3])))
 * unwrap(await store.head('a'))?.sizeBytes // => 3
 */
export class MediumBlobStore implements BlobStore {
  readonly supports: BlobStoreSupport
  readonly #medium: Medium
  readonly #maxBlobBytes: number
  #closed = false

  constructor(medium: Medium) {
    this.#medium = medium
    this.#maxBlobBytes = medium.maxBlobBytes ?? MAX_BLOB_BYTES
    this.supports = { ...USUAL, maxKeyBytes: MAX_KEY_BYTES, ...medium.supports }
  }

  async put(key: string, body: BlobBody, options?: PutOptions): AsyncResult<BlobInfo, PutError> {
    const refused = this.#refusal('put', key, options) ?? this.#unsupported(options)
    if (refused !== undefined) return err(refused)
    const content = await collectBody(key, body, this.#maxBlobBytes)
    if (!content.ok) return content
    const late = this.#refusal('put', key, options)
    if (late !== undefined) return err(late)
    const { value } = content
    try {
      const version = await (options?.if === 'absent'
        ? this.#medium.create(key, value, options)
        : this.#medium.replace(key, value, options?.if, options))
      if (version !== undefined) return ok(infoOf(key, { sizeBytes: value.length, version }))
      return err(coreError('CONFLICT', `${key} is not as expected`, { key, reason: 'taken' }))
    } catch (thrown) {
      return err(writeFailure(key, thrown, options))
    }
  }

  putMany(
    blobs: Iterable<readonly [key: string, body: BlobBody]>,
    options?: PutOptions,
  ): AsyncResult<BlobInfo[], PutManyError> {
    return putEach(blobs, (key, body) => this.put(key, body, options))
  }

  async get(key: string, options?: GetOptions): AsyncResult<StoredBlob | undefined, ReadError> {
    const range = resolveRange(options?.range, WHOLE)
    if (!range.ok) return range
    const found = await this.#read('get', key, range.value, options)
    if (!found.ok) return found
    return ok(found.value === undefined ? undefined : storedBlob(key, found.value))
  }

  async head(key: string, options?: CallOptions): AsyncResult<BlobInfo | undefined, ReadError> {
    const found = await this.#read('head', key, { start: 0, end: 0 }, options)
    if (!found.ok) return found
    return ok(found.value === undefined ? undefined : infoOf(key, found.value))
  }

  async *list(options?: ListOptions): AsyncIterable<BlobInfo> {
    const { prefix = '', startAfter = '', limit = Infinity } = options ?? {}
    const early = this.#halt('list', options)
    if (early !== undefined) throw early
    let left = limit
    if (left <= 0) return
    try {
      for await (const found of this.#medium.list(prefix, startAfter, options)) {
        const refused = this.#halt('list', options)
        if (refused !== undefined) throw refused
        // What somebody else left on the medium is no blob.
        if (keyError(found.key) !== undefined) continue
        yield infoOf(found.key, found)
        left -= 1
        if (left <= 0) return
      }
    } catch (thrown) {
      throw readFailure('list', undefined, thrown, options)
    }
  }

  async delete(
    keys: string | readonly string[],
    options?: CallOptions,
  ): AsyncResult<DeleteReport, ReadError> {
    const all = typeof keys === 'string' ? [keys] : keys
    for (const key of all) {
      const refused = this.#refusal('delete', key, options)
      if (refused !== undefined) return err(refused)
    }
    const failed: { key: string; error: ReadError }[] = []
    for (const key of all) {
      const refused = this.#halt('delete', options)
      if (refused !== undefined) return err(refused)
      try {
        await this.#medium.remove(key, options)
      } catch (thrown) {
        failed.push({ key, error: readFailure('delete', key, thrown, options) })
      }
    }
    return ok({ deleted: all.length - failed.length, failed })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#medium.close?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #read(
    operation: string,
    key: string,
    range: { readonly start: number; readonly end: number },
    options: CallOptions | undefined,
  ): AsyncResult<MediumBlob | undefined, ReadError> {
    const refused = this.#refusal(operation, key, options)
    if (refused !== undefined) return err(refused)
    try {
      return ok(await this.#medium.read(key, range, options))
    } catch (thrown) {
      return err(readFailure(operation, key, thrown, options))
    }
  }

  #refusal(operation: string, key: string, options?: CallOptions): ReadError | undefined {
    return keyError(key, this.supports.maxKeyBytes) ?? this.#halt(operation, options)
  }

  #halt(operation: string, options: CallOptions | undefined): ReadError | undefined {
    return this.#closed ? closedError('store') : abortError(options?.signal, operation)
  }

  #unsupported(options: PutOptions | undefined): PutError | undefined {
    const condition = options?.if
    if (condition === undefined || condition === 'absent' || this.supports.replaceIf) {
      return undefined
    }
    const feature = 'replaceIf'
    return coreError('UNSUPPORTED', 'this medium cannot compare and swap', { feature })
  }
}

function infoOf(key: string, { sizeBytes, version }: MediumFacts): BlobInfo {
  return { key, sizeBytes, version: versionOf(version) }
}

function versionOf(text: string): Version {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that makes them
  return text as Version
}

function storedBlob(key: string, { bytes, sizeBytes, version }: MediumBlob): StoredBlob {
  return {
    key,
    sizeBytes,
    version: versionOf(version),
    // Not `slice`: that of a `Buffer`, which many drivers give, copies nothing.
    bytes: async () => ok(new Uint8Array(bytes)),
    stream: async function* () {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        yield new Uint8Array(bytes.subarray(at, at + PIECE_BYTES))
      }
    },
  }
}

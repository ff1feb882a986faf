import { coreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult, type Result } from '../result/result.ts'
import { bodyError, concat, piecesOf, resolveRange } from './blob-body.ts'
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
import { abortError, closedError } from './gate.ts'
import { putEach } from './put-each.ts'

interface Held extends BlobInfo {
  readonly content: Uint8Array
}

/**
 * Blobs in the memory of this process: the executable specification of {@link BlobStore}.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 *
 * const store = new MemoryBlobStore()
 * unwrap(await store.put('a', new Uint8Array([1, 2, 3])))
 * unwrap(await unwrap(await store.get('a', { range: { start: 1 } }))?.bytes()) // => [2, 3]
 */
export class MemoryBlobStore implements BlobStore {
  readonly supports: BlobStoreSupport = {
    durable: 'none',
    crossProcess: false,
    replaceIf: true,
    ranges: true,
    streams: false,
    pins: true,
    maxKeyBytes: MAX_KEY_BYTES,
  }

  readonly #blobs = new Map<string, Held>()
  #puts = 0
  #closed = false

  async put(key: string, body: BlobBody, options?: PutOptions): AsyncResult<BlobInfo, PutError> {
    const refused = keyError(key) ?? this.#refusal('put', options)
    if (refused !== undefined) return err(refused)
    const content = await readWhole(key, body)
    if (!content.ok) return content
    const late = this.#refusal('put', options)
    if (late !== undefined) return err(late)
    const current = this.#blobs.get(key)
    if (!holds(options?.if, current)) {
      return err(coreError('CONFLICT', `${key} is not as expected`, { key, reason: 'taken' }))
    }
    const info = { key, sizeBytes: content.value.length, version: this.#nextVersion() }
    this.#blobs.set(key, { ...info, content: content.value })
    return ok(info)
  }

  putMany(
    blobs: Iterable<readonly [key: string, body: BlobBody]>,
    options?: PutOptions,
  ): AsyncResult<BlobInfo[], PutManyError> {
    return putEach(blobs, (key, body) => this.put(key, body, options))
  }

  async get(key: string, options?: GetOptions): AsyncResult<StoredBlob | undefined, ReadError> {
    const found = await this.#find('get', key, options)
    if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found
    const { content, sizeBytes, version } = found.value
    const range = resolveRange(options?.range, sizeBytes)
    if (!range.ok) return range
    const part = (): Uint8Array => content.slice(range.value.start, range.value.end)
    return ok({
      key,
      sizeBytes,
      version,
      bytes: async () => ok(part()),
      stream: async function* () {
        yield part()
      },
    })
  }

  async head(key: string, options?: CallOptions): AsyncResult<BlobInfo | undefined, ReadError> {
    const found = await this.#find('head', key, options)
    return found.ok && found.value !== undefined ? ok(infoOf(found.value)) : found
  }

  async *list(options?: ListOptions): AsyncIterable<BlobInfo> {
    const { prefix = '', startAfter = '', limit = Infinity } = options ?? {}
    const keys = [...this.#blobs.keys()].filter((key) => key.startsWith(prefix) && key > startAfter)
    let left = limit
    for (const key of keys.sort()) {
      const refused = this.#refusal('list', options)
      if (refused !== undefined) throw refused
      const held = this.#blobs.get(key)
      if (held === undefined) continue
      if (left-- <= 0) return
      yield infoOf(held)
    }
  }

  async delete(
    keys: string | readonly string[],
    options?: CallOptions,
  ): AsyncResult<DeleteReport, ReadError> {
    const all = typeof keys === 'string' ? [keys] : keys
    for (const key of all) {
      const refused = keyError(key) ?? this.#refusal('delete', options)
      if (refused !== undefined) return err(refused)
    }
    for (const key of all) this.#blobs.delete(key)
    return ok({ deleted: all.length, failed: [] })
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #find(
    operation: string,
    key: string,
    options: CallOptions | undefined,
  ): AsyncResult<Held | undefined, ReadError> {
    const refused = keyError(key) ?? this.#refusal(operation, options)
    return refused === undefined ? ok(this.#blobs.get(key)) : err(refused)
  }

  #refusal(operation: string, options: CallOptions | undefined): ReadError | undefined {
    return this.#closed ? closedError('store') : abortError(options?.signal, operation)
  }

  #nextVersion(): Version {
    this.#puts += 1
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that makes them
    return `m${this.#puts}` as Version
  }
}

function infoOf({ key, sizeBytes, version }: BlobInfo): BlobInfo {
  return { key, sizeBytes, version }
}

function holds(condition: PutOptions['if'], current: BlobInfo | undefined): boolean {
  if (condition === undefined) return true
  return condition === 'absent' ? current === undefined : current?.version === condition
}

async function readWhole(key: string, body: BlobBody): Promise<Result<Uint8Array, PutError>> {
  if (body instanceof Uint8Array) return ok(body.slice())
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of piecesOf(body)) pieces.push(piece.slice())
  } catch (cause) {
    return err(bodyError(key, cause))
  }
  return ok(concat(pieces))
}

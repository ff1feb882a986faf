import { randomBytes } from '#digest'
import { resolveRange } from '../blob/blob-body.ts'
import { keyError, MAX_KEY_BYTES } from '../blob/blob-key.ts'
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
  SweepOptions,
  SweepReport,
} from '../blob/blob-store.ts'
import { abortError, closedError } from '../blob/gate.ts'
import { toHex } from '../digest/hex.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import { Directories, parentOf } from './directories.ts'
import type { FileSystem } from './file-system.ts'
import { listFiles } from './list-files.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { prepareRoot, type OpenFileError } from './prepare-root.ts'
import { publish, type WrittenFile } from './publish.ts'
import { putManyFiles } from './put-many-files.ts'
import { headFile, readFile, removeFile } from './read-file.ts'
import { attemptSystem, systemFailure } from './system-failure.ts'
import { sweepTemporaries, TEMPORARY } from './sweep.ts'
import { writeTemporary } from './write-temporary.ts'

/** Options of {@link FileBlobStore.open}. */
export interface FileBlobStoreOptions {
  /** The file system to work on. Default: the real one. A simulated disk stands in for tests. */
  readonly fileSystem?: FileSystem
}

/**
 * Blobs as files below one directory, one file per key. Several processes may share it.
 *
 * A put writes a temporary file, syncs it, gives it its final name (`link` for `if: 'absent'`,
 * `rename` otherwise) and syncs the directory: whole or absent after a power cut, durable after
 * `ok`. Files have mode 0600, directories 0700. A failed sync is final: every later durable call
 * fails until the store is opened anew, because the kernel may report success for lost bytes.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { unwrap } from '@tidemark/core'
 * import { FileBlobStore } from '@tidemark/core/file'
 *
 * const store = unwrap(await FileBlobStore.open(mkdtempSync('/tmp/blobs-')))
 * unwrap(await store.put('jobs/1', new Uint8Array([7]), { if: 'absent' })).sizeBytes // => 1
 * await store.close()
 */
export class FileBlobStore implements BlobStore {
  readonly supports: BlobStoreSupport
  readonly #fs: FileSystem
  readonly #root: string
  readonly #directories: Directories
  readonly #token = toHex(randomBytes(6))
  #temporaries = 0
  #closed = false

  private constructor(fs: FileSystem, root: string, durable: BlobStoreSupport['durable']) {
    this.#fs = fs
    this.#root = root
    this.#directories = new Directories(fs, root)
    this.supports = {
      durable,
      crossProcess: true,
      replaceIf: false,
      ranges: true,
      streams: true,
      pins: true,
      maxKeyBytes: MAX_KEY_BYTES,
    }
  }

  /** Opens a directory as a store, making it if need be. */
  static async open(
    directory: string,
    options: FileBlobStoreOptions = {},
  ): AsyncResult<FileBlobStore, OpenFileError> {
    const fs = options.fileSystem ?? nodeFileSystem
    const prepared = await prepareRoot(fs, directory, options.fileSystem === undefined)
    if (!prepared.ok) return prepared
    return ok(new FileBlobStore(fs, prepared.value.root, prepared.value.durable))
  }

  async put(key: string, body: BlobBody, options?: PutOptions): AsyncResult<BlobInfo, PutError> {
    const written = await this.#write(key, body, options)
    if (!written.ok) return written
    const published = await publish(this.#fs, written.value, options)
    if (!published.ok) return published
    const settled = await this.#settle(parentOf(written.value.path), [written.value], options)
    return settled.ok ? ok(written.value.info) : settled
  }

  async putMany(
    blobs: Iterable<readonly [key: string, body: BlobBody]>,
    options?: PutOptions,
  ): AsyncResult<BlobInfo[], PutManyError> {
    return putManyFiles(blobs, {
      write: (key, body) => this.#write(key, body, options),
      publish: (file) => publish(this.#fs, file, options),
      settle: (directory, files) => this.#settle(directory, files, options),
      discard: (file) => this.#fs.unlink(file.temporary).catch(() => undefined),
    })
  }

  async get(key: string, options?: GetOptions): AsyncResult<StoredBlob | undefined, ReadError> {
    const refused = keyError(key) ?? this.#refusal('get', options)
    if (refused !== undefined) return err(refused)
    const range = resolveRange(options?.range, Number.MAX_SAFE_INTEGER)
    if (!range.ok) return range
    const path = this.#pathOf(key)
    return attemptSystem('get', key, async () => {
      const found = await readFile(this.#fs, path, key, range.value)
      if (found !== undefined && options?.durable === true) await this.#makeDurable(parentOf(path))
      return found
    })
  }

  async head(key: string, options?: CallOptions): AsyncResult<BlobInfo | undefined, ReadError> {
    const refused = keyError(key) ?? this.#refusal('head', options)
    if (refused !== undefined) return err(refused)
    return attemptSystem('head', key, () => headFile(this.#fs, this.#pathOf(key), key))
  }

  async *list(options: ListOptions = {}): AsyncIterable<BlobInfo> {
    let left = options.limit ?? Infinity
    const files = listFiles(this.#fs, this.#root, options)
    for (;;) {
      const refused = this.#refusal('list', options)
      if (refused !== undefined) throw refused
      if (left-- <= 0) return
      const next = await files.next().catch((error: unknown) => {
        throw systemFailure('list', options.prefix, error)
      })
      if (next.done === true) return
      yield next.value
    }
  }

  async delete(
    keys: string | readonly string[],
    options?: CallOptions,
  ): AsyncResult<DeleteReport, ReadError> {
    const all = typeof keys === 'string' ? [keys] : keys
    for (const key of all) {
      const refused = keyError(key)
      if (refused !== undefined) return err(refused)
    }
    const failed: { key: string; error: ReadError }[] = []
    for (const key of all) {
      const refused = this.#refusal('delete', options)
      if (refused !== undefined) return err(refused)
      const removed = await attemptSystem('delete', key, () =>
        removeFile(this.#fs, this.#pathOf(key)),
      )
      if (!removed.ok) failed.push({ key, error: removed.error })
    }
    return ok({ deleted: all.length - failed.length, failed })
  }

  async sweep(options?: SweepOptions): AsyncResult<SweepReport, ReadError> {
    const refused = this.#refusal('sweep', options)
    if (refused !== undefined) return err(refused)
    return attemptSystem('sweep', undefined, () =>
      sweepTemporaries(this.#fs, this.#root, options ?? {}),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Writes a body under a temporary name beside its final one. */
  async #write(
    key: string,
    body: BlobBody,
    options: PutOptions | undefined,
  ): AsyncResult<WrittenFile, PutError> {
    const refused = keyError(key) ?? this.#refusal('put', options) ?? this.#putRefusal(key, options)
    if (refused !== undefined) return err(refused)
    const path = this.#pathOf(key)
    const directory = parentOf(path)
    const durable = options?.durable !== false
    const made = await attemptSystem('put', key, () =>
      durable ? this.#directories.ready(directory) : this.#directories.make(directory),
    )
    if (!made.ok) return made
    const temporary = `${directory}/${TEMPORARY}${this.#token}-${++this.#temporaries}`
    const written = await writeTemporary(this.#fs, temporary, key, body, durable)
    return written.ok ? ok({ temporary, path, info: written.value }) : written
  }

  /** Makes published names durable, all those of one directory by one sync. */
  async #settle(
    directory: string,
    files: readonly WrittenFile[],
    options: PutOptions | undefined,
  ): AsyncResult<void, PutError> {
    const key = files.map(({ info }) => info.key).join(' ')
    const synced = await attemptSystem('put', key, async () => {
      const syncing = options?.durable === false ? undefined : this.#directories.sync(directory)
      // Meanwhile: a link leaves the temporary name. Left behind by a crash it is swept.
      const left = options?.if === 'absent' ? files : []
      const tidying = left.map(({ temporary }) => this.#fs.unlink(temporary).catch(() => undefined))
      await Promise.all([syncing, ...tidying])
    })
    return synced.ok ? ok() : err(unsyncedError(key, synced.error))
  }

  #pathOf(key: string): string {
    return `${this.#root}/${key}`
  }

  #refusal(operation: string, options: CallOptions | undefined): ReadError | undefined {
    return this.#closed ? closedError('store') : abortError(options?.signal, operation)
  }

  #putRefusal(key: string, options: PutOptions | undefined): PutError | undefined {
    const condition = options?.if
    if (condition !== undefined && condition !== 'absent') {
      const feature = 'replaceIf'
      return coreError('UNSUPPORTED', 'files cannot be compared and swapped', { feature })
    }
    const lost = options?.durable === false ? undefined : this.#directories.failure
    return lost === undefined ? undefined : systemFailure('put', key, lost)
  }

  async #makeDurable(directory: string): Promise<void> {
    await this.#directories.ready(directory)
    await this.#directories.sync(directory)
  }
}

function unsyncedError(key: string, cause: unknown): CoreError<'OUTCOME_UNKNOWN'> {
  const message = `put of ${key} is visible but may not survive a power cut: its sync failed`
  const details = { operation: 'put', key, reason: 'sync-failed' } as const
  return coreError('OUTCOME_UNKNOWN', message, details, cause)
}

import type { BlobStore, GetOptions } from '../blob/blob-store.ts'
import type { LogRecord } from '../log/commit-log.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { ByteCheckpoint, EntryInfo, StoredEntry } from './byte-storage.ts'
import { entryInfos, keyNotFound, storedEntry } from './entries.ts'
import type { JsonObject } from './json.ts'
import type { Manifest, ManifestEntry } from './manifest.ts'
import type { GetError } from './storage.ts'
import { closedError } from '../blob/gate.ts'

/** A committed checkpoint on a medium: its manifest in memory, large entries where they lie. */
export class Committed implements ByteCheckpoint {
  readonly identifier: string
  readonly generation: number
  readonly committedAt: Date
  readonly metadata: JsonObject
  readonly born: number
  readonly digest: string
  readonly place: string | undefined
  readonly attachment: JsonObject | undefined
  readonly #store: BlobStore
  readonly #entries: ReadonlyMap<string, ManifestEntry>
  #closed = false

  constructor(
    store: BlobStore,
    { seq, digest }: Pick<LogRecord, 'seq' | 'digest'>,
    manifest: Manifest,
    place: string | undefined,
  ) {
    this.identifier = manifest.identifier
    this.generation = seq
    this.committedAt = new Date(manifest.committedAtMs)
    this.metadata = manifest.metadata
    this.born = manifest.born
    this.digest = digest
    this.place = place
    this.attachment = manifest.attachment
    this.#store = store
    this.#entries = new Map(manifest.entries.map((entry) => [entry.key, entry]))
  }

  entries(): readonly EntryInfo[] {
    return entryInfos(this.#entries.values())
  }

  async entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError> {
    if (this.#closed) return err(closedError('checkpoint'))
    const entry = this.#entries.get(key)
    if (entry === undefined) return err(keyNotFound(this.identifier, key))
    return ok(storedEntry(this.#store, this.identifier, entry, options))
  }

  async close(): Promise<void> {
    this.#closed = true
  }
}

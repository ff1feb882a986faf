import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import type { LayerName } from './byte-storage.ts'
import { readHeader, writeHeader, type Header } from './header.ts'
import type { PutEntryError, StorageReadError } from './storage.ts'

/** Where a storage lies, and what that says it is. */
export class Place {
  readonly layers: readonly LayerName[]
  readonly #store: BlobStore
  /** What it says, once it says anything. */
  #header: Header | undefined

  constructor(store: BlobStore, layers: readonly LayerName[]) {
    this.#store = store
    this.layers = layers
  }

  /** The random name that it got when layers first wrote to it. */
  get name(): string | undefined {
    return this.#header?.place
  }

  /** Looks whether it is what the storage takes it for, until it says so. */
  async identify(options?: CallOptions): AsyncResult<void, StorageReadError> {
    if (this.#header !== undefined) return ok()
    const header = await readHeader(this.#store, this.layers, options)
    if (!header.ok) return header
    this.#header = header.value
    return ok()
  }

  /** Makes it what the storage takes it for; whoever is first decides. */
  async claim(options: CallOptions): AsyncResult<void, PutEntryError> {
    if (this.#header !== undefined) return ok()
    const header = await writeHeader(this.#store, this.layers, options)
    if (!header.ok) return header
    this.#header = header.value
    return ok()
  }
}

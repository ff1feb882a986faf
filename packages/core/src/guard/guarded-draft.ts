import type { BlobBody, CallOptions, GetOptions } from '../blob/blob-store.ts'
import type { Unpin } from '../pins/pins.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import type {
  ByteCheckpoint,
  ByteCommitOptions,
  ByteDraft,
  EntryInfo,
  StoredEntry,
} from '../storage/byte-storage.ts'
import type { CommitError, GetError, PutEntryError } from '../storage/storage.ts'

/** A draft that holds its identifier's claim until it is finished. */
export class GuardedDraft implements ByteDraft {
  readonly identifier: string
  readonly #draft: ByteDraft
  readonly #unpin: Unpin
  readonly #open: (checkpoint: ByteCheckpoint) => Promise<ByteCheckpoint>

  constructor(
    draft: ByteDraft,
    unpin: Unpin,
    open: (checkpoint: ByteCheckpoint) => Promise<ByteCheckpoint>,
  ) {
    this.identifier = draft.identifier
    this.#draft = draft
    this.#unpin = unpin
    this.#open = open
  }

  entries(): readonly EntryInfo[] {
    return this.#draft.entries()
  }

  entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError> {
    return this.#draft.entry(key, options)
  }

  put(
    key: string,
    body: BlobBody,
    codec: string,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError> {
    return this.#draft.put(key, body, codec, options)
  }

  fail(key: string, error: PutEntryError): void {
    this.#draft.fail(key, error)
  }

  remove(key: string): ReturnType<ByteDraft['remove']> {
    return this.#draft.remove(key)
  }

  async commit(options?: ByteCommitOptions): AsyncResult<ByteCheckpoint, CommitError> {
    const committed = await this.#draft.commit(options)
    if (!committed.ok) return committed
    const open = await this.#open(committed.value)
    await this.#unpin()
    return ok(open)
  }

  async abort(): Promise<void> {
    await this.#draft.abort()
    await this.#unpin()
  }
}

import type { GetOptions } from '../blob/blob-store.ts'
import type { Unpin } from '../pins/pins.ts'
import type { AsyncResult } from '../result/result.ts'
import type { ByteCheckpoint, EntryInfo, StoredEntry } from '../storage/byte-storage.ts'
import type { JsonObject } from '../storage/json.ts'
import type { GetError } from '../storage/storage.ts'

/** A checkpoint that counts as in use until it is closed. */
export class GuardedCheckpoint implements ByteCheckpoint {
  readonly identifier: string
  readonly generation: number
  readonly committedAt: Date
  readonly metadata: JsonObject
  readonly born: number
  readonly digest: string
  readonly place: string | undefined
  readonly attachment: JsonObject | undefined
  readonly #checkpoint: ByteCheckpoint
  readonly #unpin: Unpin

  constructor(checkpoint: ByteCheckpoint, unpin: Unpin) {
    this.identifier = checkpoint.identifier
    this.generation = checkpoint.generation
    this.committedAt = checkpoint.committedAt
    this.metadata = checkpoint.metadata
    this.born = checkpoint.born
    this.digest = checkpoint.digest
    this.place = checkpoint.place
    this.attachment = checkpoint.attachment
    this.#checkpoint = checkpoint
    this.#unpin = unpin
  }

  entries(): readonly EntryInfo[] {
    return this.#checkpoint.entries()
  }

  entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError> {
    return this.#checkpoint.entry(key, options)
  }

  async close(): Promise<void> {
    await this.#checkpoint.close()
    await this.#unpin()
  }
}

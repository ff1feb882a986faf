import type {
  AsyncResult,
  ByteCheckpoint,
  EntryInfo,
  GetError,
  GetOptions,
  JsonObject,
  StoredEntry,
} from '@tidemark/core'
import { layeredEntry, layeredInfos, type Known } from './layered-entries.ts'

/** A checkpoint whose seals have been verified, or that was sealed here. */
export class LayeredCheckpoint implements ByteCheckpoint {
  readonly identifier: string
  readonly generation: number
  readonly committedAt: Date
  readonly metadata: JsonObject
  readonly born: number
  readonly digest: string
  readonly place: string | undefined
  readonly attachment: JsonObject | undefined
  readonly #below: ByteCheckpoint
  readonly #known: Known

  constructor(below: ByteCheckpoint, known: Known) {
    this.identifier = below.identifier
    this.generation = below.generation
    this.committedAt = below.committedAt
    this.metadata = below.metadata
    this.born = below.born
    this.digest = below.digest
    this.place = below.place
    this.attachment = below.attachment
    this.#below = below
    this.#known = known
  }

  entries(): readonly EntryInfo[] {
    return layeredInfos(this.#below, this.#known)
  }

  entry(key: string, options?: GetOptions): AsyncResult<StoredEntry, GetError> {
    return layeredEntry(this.#below, key, this.#known, options)
  }

  close(): Promise<void> {
    return this.#below.close()
  }
}

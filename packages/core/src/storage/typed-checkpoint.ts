import type { Decoder } from '../codec/codec.ts'
import type { ByteCheckpoint } from './byte-storage.ts'
import type { JsonObject } from './json.ts'
import type { CommittedCheckpoint } from './storage.ts'
import { TypedEntries } from './typed-entries.ts'

/** A committed checkpoint, with types. */
export class TypedCheckpoint extends TypedEntries implements CommittedCheckpoint {
  readonly generation: number
  readonly committedAt: Date
  readonly metadata: JsonObject
  readonly digest: string
  readonly #checkpoint: ByteCheckpoint

  constructor(checkpoint: ByteCheckpoint, decoders: ReadonlyMap<string, Decoder>) {
    super(checkpoint, decoders)
    this.generation = checkpoint.generation
    this.committedAt = checkpoint.committedAt
    this.metadata = checkpoint.metadata
    this.digest = checkpoint.digest
    this.#checkpoint = checkpoint
  }

  close(): Promise<void> {
    return this.#checkpoint.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

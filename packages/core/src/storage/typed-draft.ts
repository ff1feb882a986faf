import type { CallOptions } from '../blob/blob-store.ts'
import { bytes, json, type Codec, type Decoder } from '../codec/codec.ts'
import { ok, type AsyncResult } from '../result/result.ts'
import type { ByteDraft } from './byte-storage.ts'
import type {
  CommitError,
  CommittedCheckpoint,
  EntryValue,
  PutEntryError,
  UncommittedCheckpoint,
} from './storage.ts'
import { TypedCheckpoint } from './typed-checkpoint.ts'
import { TypedEntries } from './typed-entries.ts'

/** A checkpoint in the making, with types. */
export class TypedDraft extends TypedEntries implements UncommittedCheckpoint {
  readonly #draft: ByteDraft
  readonly #decoders: ReadonlyMap<string, Decoder>

  constructor(draft: ByteDraft, decoders: ReadonlyMap<string, Decoder>) {
    super(draft, decoders)
    this.#draft = draft
    this.#decoders = decoders
  }

  put(key: string, value: EntryValue, options?: CallOptions): AsyncResult<void, PutEntryError>
  put<In>(
    key: string,
    value: In,
    options: CallOptions & { readonly codec: Codec<In, unknown> },
  ): AsyncResult<void, PutEntryError>
  async put(
    key: string,
    value: EntryValue,
    options?: CallOptions & { readonly codec?: Codec<EntryValue, unknown> },
  ): AsyncResult<void, PutEntryError> {
    if (options?.codec !== undefined) return this.#put(key, value, options.codec, options)
    if (value instanceof Uint8Array) return this.#put(key, value, bytes, options)
    return this.#put(key, value, json, options)
  }

  putStream(
    key: string,
    pieces: AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError> {
    return this.#draft.put(key, pieces, bytes.id, options)
  }

  remove(key: string): ReturnType<ByteDraft['remove']> {
    return this.#draft.remove(key)
  }

  async commit(options?: CallOptions): AsyncResult<CommittedCheckpoint, CommitError> {
    const committed = await this.#draft.commit(options)
    return committed.ok ? ok(new TypedCheckpoint(committed.value, this.#decoders)) : committed
  }

  abort(): Promise<void> {
    return this.#draft.abort()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort()
  }

  async #put<In>(
    key: string,
    value: In,
    codec: Codec<In, unknown>,
    options?: CallOptions,
  ): AsyncResult<void, PutEntryError> {
    const encoded = codec.encode(value)
    if (encoded.ok) return this.#draft.put(key, encoded.value, codec.id, options)
    this.#draft.fail(key, encoded.error)
    return encoded
  }
}

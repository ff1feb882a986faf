import {
  addDetails,
  err,
  isCheckpointDamage,
  ok,
  type AsyncResult,
  type ByteCheckpoint,
  type ByteDraft,
  type ByteStorage,
  type CallOptions,
  type CreateError,
  type CreateOptions,
  type GcError,
  type GcOptions,
  type GcReport,
  type GenerationInfo,
  type LoadError,
  type LoadOptions,
  type RemoveError,
} from '@tidemark/core'
import { LayeredCheckpoint } from './layered-checkpoint.ts'
import { LayeredDraft } from './layered-draft.ts'
import type { Pipeline } from './pipeline.ts'
import { openCheckpoint } from './seals.ts'

/** A storage whose values pass through layers on their way to the one below, and back. */
export class LayeredStorage implements ByteStorage {
  readonly #below: ByteStorage
  readonly #pipeline: Pipeline

  constructor(below: ByteStorage, pipeline: Pipeline) {
    this.#below = below
    this.#pipeline = pipeline
  }

  async create(identifier: string, options?: CreateOptions): AsyncResult<ByteDraft, CreateError> {
    const draft = await this.#below.create(identifier, options)
    return draft.ok ? ok(new LayeredDraft(draft.value, this.#pipeline)) : draft
  }

  async load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError> {
    const loaded = await this.#below.load(identifier, options)
    if (!loaded.ok) return loaded
    const opened = openCheckpoint(this.#pipeline, loaded.value)
    if (opened.ok) {
      return ok(new LayeredCheckpoint(loaded.value, { pipeline: this.#pipeline, ...opened.value }))
    }
    await loaded.value.close()
    return err(addDetails(opened.error, { identifier }))
  }

  remove(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError> {
    return this.#below.remove(identifier, options)
  }

  identifiers(options?: CallOptions): AsyncIterable<string> {
    return this.#below.identifiers(options)
  }

  /** What a listing says is verified, too: each generation is opened for it. */
  async *generations(identifier: string, options?: CallOptions): AsyncIterable<GenerationInfo> {
    for await (const info of this.#below.generations(identifier, options)) {
      const verified = info.damage === undefined ? await this.#verified(info, options) : info
      if (verified !== undefined) yield verified
    }
  }

  gc(options?: GcOptions): AsyncResult<GcReport, GcError> {
    return this.#below.gc(options)
  }

  close(): Promise<void> {
    return this.#below.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #verified(
    info: GenerationInfo,
    options?: CallOptions,
  ): Promise<GenerationInfo | undefined> {
    const { identifier, generation } = info
    const loaded = await this.load(identifier, { ...options, generation })
    if (loaded.ok) {
      const { committedAt, metadata } = loaded.value
      await loaded.value.close()
      return { identifier, generation, committedAt, metadata }
    }
    if (isCheckpointDamage(loaded.error)) return { identifier, generation, damage: loaded.error }
    // Given up by retention since it was listed.
    if (loaded.error.code === 'CHECKPOINT_NOT_FOUND') return undefined
    throw loaded.error
  }
}
